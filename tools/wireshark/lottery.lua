-- Wireshark dissector of the lottery's protocol: all ten dialects, in both directions, as docs/protocol.md specifies
-- them. docs/dissector.md says how to install and use it, `cargo xtask dissector` compares it with lottery-proto.
--
-- It runs on Lua 5.2 to 5.4. Offsets into a message are those of Lua strings: the first byte is 1.

local lottery = Proto("lottery", "Lottery Bets")

-- Preferences ---------------------------------------------------------------------------------------------------------

local DIALECTS = { "block", "session", "fixed", "framed", "braces", "short", "columns", "line", "bare", "echo" }

local choices = { { 1, "by its first bytes", 0 } }
for place, name in ipairs(DIALECTS) do
    choices[place + 1] = { place + 1, name, place }
end

local prefs = lottery.prefs
prefs.ports = Pref.range("TCP ports", "12345", "Ports of servers, such as 12345,12400-12405", 65535)
prefs.tls_ports = Pref.range("TLS ports", "", "Ports of servers behind TLS. It needs a key log: see TLS", 65535)
prefs.personal = Pref.bool(
    "Show personal fields",
    false,
    "Names, documents, birth dates, and lines of the health check, which may hold what was to be a bet"
)
prefs.max_message = Pref.uint("Longest message", 1048576, "Its bytes: the server's --max-message")
prefs.dialect = Pref.enum("Dialect if the beginning is missing", 0, "Of connections whose SYN is not in the capture", choices)

-- Fields --------------------------------------------------------------------------------------------------------------

local PACKETS = {
    "Bet", "BetAck", "Batch", "Finished", "BatchAck", "Winner", "Hello", "Welcome", "Error",
}

local F = {
    wire = ProtoField.string("lottery.wire", "Dialect"),
    type = ProtoField.string("lottery.type", "Type"),
    length = ProtoField.uint32("lottery.length", "Length", base.DEC, nil, nil, "Bytes of the message, padding included"),
    packet_type = ProtoField.uint8("lottery.packet.type", "Packet type", base.DEC, PACKETS),
    packet_size = ProtoField.uint16("lottery.packet.size", "Packet size"),
    agency = ProtoField.uint32("lottery.agency", "Agency"),
    bets = ProtoField.uint32("lottery.bets", "Bets"),
    bet = ProtoField.none("lottery.bet", "Bet"),
    first_name = ProtoField.string("lottery.first_name", "First name"),
    last_name = ProtoField.string("lottery.last_name", "Last name"),
    document = ProtoField.string("lottery.document", "Document"),
    birthdate = ProtoField.string("lottery.birthdate", "Birth date"),
    number = ProtoField.uint32("lottery.number", "Number"),
    winners = ProtoField.uint32("lottery.winners", "Winners", base.DEC, nil, nil, "Number of documents in the message"),
    more = ProtoField.bool("lottery.more", "More winners follow"),
    wait = ProtoField.bool("lottery.wait", "Reply after the draw"),
    version = ProtoField.string("lottery.version", "Version"),
    total = ProtoField.uint64("lottery.total", "Bets in the agency's list"),
    stored = ProtoField.uint64("lottery.stored", "Bets stored"),
    finished = ProtoField.bool("lottery.finished", "Finished"),
    window = ProtoField.uint32("lottery.window", "Window, in batches"),
    window_bytes = ProtoField.uint32("lottery.window_bytes", "Window, in bytes"),
    digest = ProtoField.string("lottery.digest", "Digest"),
    code = ProtoField.string("lottery.code", "Code"),
    text = ProtoField.string("lottery.text", "Text"),
    line = ProtoField.string("lottery.line", "Line"),
    problem = ProtoField.string("lottery.problem", "Problem"),
    unfinished = ProtoField.uint32("lottery.unfinished", "Bytes of an unfinished message"),
    dropped = ProtoField.uint32("lottery.dropped", "Bytes behind the last message"),
    from_client = ProtoField.bool("lottery.from_client", "From the client"),
}

for _, field in pairs(F) do
    lottery.fields[#lottery.fields + 1] = field
end

local E = {
    malformed = ProtoExpert.new("lottery.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR),
    rejected = ProtoExpert.new("lottery.rejected", "Rejected", expert.group.RESPONSE_CODE, expert.severity.WARN),
    foreign = ProtoExpert.new("lottery.foreign", "Another protocol", expert.group.PROTOCOL, expert.severity.WARN),
    dropped = ProtoExpert.new("lottery.ignored", "Ignored by its receiver", expert.group.SEQUENCE, expert.severity.NOTE),
    guessed = ProtoExpert.new("lottery.guessed", "Dialect not certain", expert.group.ASSUMPTION, expert.severity.NOTE),
    partial = ProtoExpert.new("lottery.partial", "Not complete", expert.group.REASSEMBLE, expert.severity.CHAT),
}
lottery.experts = { E.malformed, E.rejected, E.foreign, E.dropped, E.guessed, E.partial }

local tcp_stream = Field.new("tcp.stream")
local tcp_fin = Field.new("tcp.flags.fin")
local tcp_completeness = Field.new("tcp.completeness")

-- Text ----------------------------------------------------------------------------------------------------------------

-- Returns the offset of the first byte that is not UTF-8; nil if all of them are.
local function utf8_fault(s)
    local at = 1
    while true do
        at = s:find("[\128-\255]", at)
        if not at then
            return nil
        end
        local lead, second = s:byte(at, at + 1)
        second = second or 0
        local low, high, more = 0x80, 0xBF, nil
        if lead >= 0xC2 and lead <= 0xDF then
            more = 1
        elseif lead >= 0xE0 and lead <= 0xEF then
            more = 2
            if lead == 0xE0 then low = 0xA0 elseif lead == 0xED then high = 0x9F end
        elseif lead >= 0xF0 and lead <= 0xF4 then
            more = 3
            if lead == 0xF0 then low = 0x90 elseif lead == 0xF4 then high = 0x8F end
        end
        if not more or second < low or second > high then
            return at
        end
        for behind = 2, more do
            local byte = s:byte(at + behind) or 0
            if byte < 0x80 or byte > 0xBF then
                return at
            end
        end
        at = at + more + 1
    end
end

-- Skips `count` characters of `s` from `at` on. Returns the offset behind them; nil and the number of bytes that are
-- missing at least; or false and the offset of a byte that begins no character. A character is as long as its first byte
-- says, as in lottery-proto; it counts many at once.
local function skip_chars(s, at, count)
    while count > 0 do
        if at > #s then
            return nil, count
        end
        -- The first byte that is not ASCII, at most as far as characters are needed.
        local found = s:find("[\128-\255]", at)
        local plain = math.min((found or #s + 1) - at, count)
        at, count = at + plain, count - plain
        if count > 0 and found then
            local lead = s:byte(at)
            local width
            if lead >= 0xC2 and lead <= 0xDF then
                width = 2
            elseif lead >= 0xE0 and lead <= 0xEF then
                width = 3
            elseif lead >= 0xF0 and lead <= 0xF4 then
                width = 4
            else
                return false, at
            end
            if at + width - 1 > #s then
                return nil, at + width - 1 - #s + count - 1
            end
            at, count = at + width, count - 1
        end
    end
    return at
end

local function is_digits(s)
    return s ~= "" and not s:find("[^0-9]")
end

-- Returns a decimal number of 1 to 9 digits; nil if it is none.
local function number_of(s)
    return #s <= 9 and is_digits(s) and tonumber(s) or nil
end

local function agency_of(s)
    local agency = number_of(s)
    if agency and agency >= 1 and agency <= 99999 then
        return agency
    end
    return nil
end

-- Returns a number of up to 64 bits for a field; nil if it is none.
local function long_of(s)
    if not is_digits(s) then
        return nil
    end
    local digits = s:gsub("^0+", "")
    if #digits > 20 or (#digits == 20 and digits > "18446744073709551615") then
        return nil
    end
    return UInt64(digits == "" and "0" or digits)
end

local function is_document(s)
    return #s <= 20 and is_digits(s)
end

-- Returns the parts between separators, which are single characters, and the offset of each part.
local function split(s, separator)
    local parts, places, at = {}, {}, 1
    while true do
        local found = s:find(separator, at, true)
        parts[#parts + 1], places[#places + 1] = s:sub(at, (found or #s + 1) - 1), at
        if not found then
            return parts, places
        end
        at = found + 1
    end
end

local function starts(s, prefix)
    return s:sub(1, #prefix) == prefix
end

-- Bets ----------------------------------------------------------------------------------------------------------------

local DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_date(s)
    local year, month, day = s:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
    if not year then
        return false
    end
    year, month, day = tonumber(year), tonumber(month), tonumber(day)
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    local days = DAYS[month] or 0
    if month == 2 and not leap then
        days = 28
    end
    return year >= 1 and day >= 1 and day <= days
end

local function name_problem(name)
    if utf8_fault(name) then
        return "not UTF-8"
    elseif name == "" then
        return "empty"
    elseif #name > 255 then
        return "too long, at most 255"
    elseif name:find("[\0-\31\127]") or name:find("\194[\128-\159]") then
        return "holds a control character"
    end
    return nil
end

local function document_problem(document)
    if utf8_fault(document) then
        return "not UTF-8"
    elseif document == "" then
        return "empty"
    elseif not is_digits(document) then
        return "expected decimal digits"
    elseif #document > 20 then
        return "too long, at most 20"
    end
    return nil
end

local function number_problem(number)
    if number == "" then
        return "empty"
    elseif not is_digits(number) then
        return "expected decimal digits"
    end
    local digits = number:gsub("^0+", "")
    if #digits > 10 or (#digits == 10 and digits > "4294967295") then
        return "over 4294967295"
    end
    return nil
end

-- Makes a bet of five fields and of their offsets. Returns nil and its problem if a field is wrong.
local function bet_of(fields, places)
    local problem = name_problem(fields[1])
    if problem then
        return nil, "first_name: " .. problem
    end
    problem = name_problem(fields[2])
    if problem then
        return nil, "last_name: " .. problem
    end
    problem = document_problem(fields[3])
    if problem then
        return nil, "document: " .. problem
    end
    if utf8_fault(fields[4]) then
        return nil, "birthdate: not UTF-8"
    elseif not is_date(fields[4]) then
        return nil, "birthdate: expected a date, YYYY-MM-DD"
    end
    problem = number_problem(fields[5])
    if problem then
        return nil, "number: " .. problem
    end
    return { fields = fields, places = places }
end

-- Splits five fields with a separator between each two, which begin at `at` of their message.
local function separated_bet(s, at, separator)
    local parts, places = split(s, separator)
    if #parts ~= 5 then
        return nil, #parts .. " fields, expected 5"
    end
    for index, place in ipairs(places) do
        places[index] = at + place - 1
    end
    return bet_of(parts, places)
end

-- Splits off columns of these widths in characters, which begin at `at`. Returns nil if there are not enough.
local function columns(s, at, widths)
    local fields, places = {}, {}
    for index, width in ipairs(widths) do
        local behind = skip_chars(s, at, width)
        if not behind then
            return nil
        end
        fields[index], places[index] = s:sub(at, behind - 1), at
        at = behind
    end
    return fields, places, at
end

local function without_zeros(document)
    local digits = document:gsub("^0+", "")
    return digits == "" and document:sub(-1) or digits
end

-- Takes the padding off columns of a bet, the first of which is its first name.
local function unpadded_bet(fields, places)
    fields[1], fields[2] = fields[1]:match("^(.-) *$"), fields[2]:match("^(.-) *$")
    local document = without_zeros(fields[3])
    places[3] = places[3] + #fields[3] - #document
    fields[3] = document
    return bet_of(fields, places)
end

-- Messages ------------------------------------------------------------------------------------------------------------

-- A message is a table: `type`; `agency` and `agency_at`, if it names one; `bets`; `documents`; `values`, a list of field,
-- first byte, last byte and value; `problem`, `problem_at`, `problem_end`, and `fatal` if it ends the connection;
-- `unbound` if its agency is not one that the connection speaks for.

local function fail(m, problem, from, to)
    m.problem, m.problem_at, m.problem_end = problem, from, to
    return m
end

local function fail_and_end(m, problem, from, to)
    m.fatal = true
    return fail(m, problem, from, to)
end

local function fail_in_bet(m, index, problem, from, to)
    return fail(m, "bet " .. index .. ": " .. problem, from, to)
end

local function value(m, field, from, to, what)
    m.values = m.values or {}
    m.values[#m.values + 1] = { field, from, to, what }
end

local function document(m, from, text)
    m.documents = m.documents or {}
    m.documents[#m.documents + 1] = { from, text }
end

-- Reads documents with a separator between each two. Returns false if one is wrong.
local function documents(m, s, at, separator)
    m.documents = {}
    if s == "" then
        return true
    end
    local parts, places = split(s, separator)
    for index, part in ipairs(parts) do
        if not is_document(part) then
            fail(m, "expected documents of 1 to 20 digits", at + places[index] - 1, at + places[index] + #part - 2)
            m.documents = nil
            return false
        end
        document(m, at + places[index] - 1, part)
    end
    return true
end

local CODES = {
    ["malformed"] = true, ["unknown-agency"] = true, ["agency-mismatch"] = true, ["superseded"] = true,
    ["finished"] = true, ["too-many-connections"] = true, ["storage"] = true, ["shutting-down"] = true,
    ["unsupported-version"] = true, ["timeout"] = true,
}

-- Reads a text of a failure, which may have a code before it.
local function reason(m, s, at, separator)
    if separator then
        local place = s:find(separator, 1, true)
        local code = place and s:sub(1, place - 1)
        if code and CODES[code] then
            value(m, F.code, at, at + place - 2, code)
            at, s = at + place - 1 + #separator, s:sub(place + #separator)
        end
    end
    if utf8_fault(s) then
        return fail(m, "expected UTF-8", at, at + #s - 1)
    end
    if s ~= "" then
        value(m, F.text, at, at + #s - 1, s)
    end
    return m
end

-- block, session ------------------------------------------------------------------------------------------------------

local BLOCK = 8192

local function block_size(s, at)
    local have = #s - at + 1
    if have < BLOCK then
        return nil, BLOCK - have
    end
    return BLOCK
end

local function session_size(s, at, from_client)
    local have = #s - at + 1
    if have < 4 then
        return nil
    end
    local kind, _, low, high = s:byte(at, at + 3)
    if kind == (from_client and 7 or 9) then
        return block_size(s, at)
    end
    local size = low + 256 * high
    if size < 4 or size > BLOCK then
        return false, "size " .. size .. ", expected 4 to 8192"
    elseif have < size then
        return nil, size - have
    end
    return size
end

local function packet_bets(m, payload, agency)
    local count = payload:byte(1)
    if not count then
        return fail_and_end(m, "expected a count of bets", 3, 4)
    end
    local bets, at = {}, 2
    -- Offset in the message of an offset in the payload.
    local shift = 4
    while #bets < count do
        local index = #bets + 1
        if at > #payload then
            return fail_and_end(m, count .. " bets announced, " .. #bets .. " found", 5, 5)
        end
        local kind, named, low, high = payload:byte(at, at + 3)
        local function wrong(problem)
            m.fatal = true
            return fail_in_bet(m, index, problem, at + shift, #payload + shift)
        end
        if not high then
            return wrong("expected the header of a bet")
        end
        local size, left = low + 256 * high, #payload - at + 1
        if kind ~= 1 then
            return wrong("packet type " .. kind .. ", expected 1")
        elseif named ~= agency then
            return wrong("agency " .. named .. ", expected " .. agency)
        elseif size < 4 or size > left then
            return wrong("size " .. size .. ", expected 4 to " .. left)
        end
        local bet, problem = separated_bet(payload:sub(at + 4, at + size - 1), at + 4 + shift, "|")
        if not bet then
            return fail_in_bet(m, index, problem, at + shift, at + size - 1 + shift)
        end
        bet.from, bet.to = at + shift, at + size - 1 + shift
        bets[index], at = bet, at + size
    end
    if at <= #payload then
        if payload:byte(at) == 1 and #payload - at >= 3 then
            return fail_and_end(m, count .. " bets announced, " .. count + 1 .. " found", 5, 5)
        end
        local problem = "size " .. #payload + 4 .. ", but the payload ends at " .. at + shift - 1
        return fail_and_end(m, problem, 3, 4)
    end
    m.bets = bets
    return m
end

local function hello(m, payload, header_agency)
    m.type = "Hello"
    m.agency = nil
    local parts, places = split(payload, "|")
    if utf8_fault(payload) or parts[1] ~= "3" then
        return fail_and_end(m, "unsupported version, expected 3", 5, 4 + #payload)
    end
    value(m, F.version, 5, 5, parts[1])
    if #parts ~= 3 then
        return fail_and_end(m, "expected 3|agency|total", 5, 4 + #payload)
    end
    local long = long_of(parts[2])
    local agency = long and long <= UInt64(99999) and long >= UInt64(1) and long:tonumber()
    if not agency then
        return fail_and_end(m, "expected an agency from 1 to 99999", 4 + places[2], 3 + places[2] + #parts[2])
    end
    local expected = agency <= 255 and agency or 0
    if header_agency ~= expected then
        return fail_and_end(m, "agency " .. header_agency .. ", expected " .. agency, 2, 2)
    end
    m.agency, m.agency_at, m.agency_end = agency, 4 + places[2], 3 + places[2] + #parts[2]
    if parts[3] ~= "" then
        local total = long_of(parts[3])
        if not total then
            return fail_and_end(m, "expected a number of bets, or nothing", 4 + places[3], 4 + #payload)
        end
        value(m, F.total, 4 + places[3], 4 + #payload, total)
    end
    return m
end

local function welcome(m, payload)
    m.type = "Welcome"
    local parts, places = split(payload, "|")
    local function at(index)
        return 4 + places[index], 3 + places[index] + #parts[index]
    end
    local wrong = #parts ~= 6 or parts[1] ~= "3" or not parts[3]:find("^[01]$")
    wrong = wrong or not parts[6]:find("^[0-9a-f]+$") or #parts[6] ~= 8
    local stored = not wrong and long_of(parts[2])
    local window, bytes = not wrong and long_of(parts[4]), not wrong and long_of(parts[5])
    local function is_limit(limit)
        return limit and limit >= UInt64(1) and limit <= UInt64(4294967295)
    end
    if not stored or not is_limit(window) or not is_limit(bytes) then
        return fail(m, "expected 3|stored|finished|window|bytes|digest", 5, 4 + #payload)
    end
    local function add(field, index, what)
        local from, to = at(index)
        value(m, field, from, to, what)
    end
    add(F.version, 1, parts[1])
    add(F.stored, 2, stored)
    add(F.finished, 3, parts[3] == "1")
    add(F.window, 4, window:tonumber())
    add(F.window_bytes, 5, bytes:tonumber())
    add(F.digest, 6, parts[6])
    return m
end

local function request_packet(m, kind, agency, payload, is_session)
    local last = 4 + #payload
    if kind == 7 and is_session then
        return hello(m, payload, agency)
    elseif kind == 6 and is_session and payload == "2" then
        m.type = "Winners query"
        value(m, F.wait, 5, 5, true)
        return m
    end
    local nobody = agency == 0 and not is_session
    if kind == 1 then
        m.type = "Bet"
        if nobody then
            return fail_and_end(m, "expected an agency from 1", 2, 2)
        end
        local bet, problem = separated_bet(payload, 5, "|")
        if not bet then
            return fail_in_bet(m, 1, problem, 5, last)
        end
        m.bets = { bet }
        return m
    elseif kind == 3 then
        m.type = "Batch"
        if nobody then
            return fail_and_end(m, "expected an agency from 1", 2, 2)
        end
        return packet_bets(m, payload, agency)
    elseif kind == 4 then
        m.type = "Finished"
        if nobody then
            return fail_and_end(m, "expected an agency from 1", 2, 2)
        elseif payload ~= "" then
            return fail_and_end(m, "size " .. last .. ", but the payload ends at 4", 3, 4)
        end
        return m
    elseif kind == 6 then
        m.type = "Winners query"
        if nobody then
            return fail_and_end(m, "expected an agency from 1", 2, 2)
        elseif payload ~= "1" then
            return fail_and_end(m, 'expected the payload "1"', 5, last)
        end
        value(m, F.wait, 5, 5, false)
        return m
    elseif kind == 7 then
        return fail_and_end(m, "expected Hello to come first", 1, 1)
    elseif kind == 2 or kind == 5 or kind == 8 or kind == 9 then
        return fail_and_end(m, "packet type " .. kind .. " is not for this side to receive", 1, 1)
    end
    return fail_and_end(m, "unknown packet type " .. kind, 1, 1)
end

local function reply_packet(m, kind, payload, is_session)
    local last = 4 + #payload
    if kind == 2 then
        local parts, places = split(payload, "|")
        local status = parts[3]
        if #parts ~= 3 or not is_document(parts[1]) or not is_document(parts[2]) or not status:find("^[01]$") then
            return fail(m, "expected the bet's document, number and status", 5, last)
        end
        m.type = status == "1" and "Acknowledgement" or "Rejection"
        document(m, 5, parts[1])
        if not number_problem(parts[2]) then
            value(m, F.number, 4 + places[2], 3 + places[2] + #parts[2], tonumber(parts[2]))
        end
        return m
    elseif kind == 5 and is_session then
        local status, stored, rest = payload:match("^([01])|(%d+)(.*)$")
        local total = stored and long_of(stored)
        if not total or (status == "1" and rest ~= "") or (status == "0" and not starts(rest, "|")) then
            return fail(m, "expected 1|stored, or 0|stored|reason", 5, last)
        end
        m.type = status == "1" and "Acknowledgement" or "Rejection"
        value(m, F.stored, 7, 6 + #stored, total)
        if status == "0" then
            return reason(m, rest:sub(2), 8 + #stored, ": ")
        end
        return m
    elseif kind == 5 then
        if payload ~= "0" and payload ~= "1" then
            return fail(m, 'expected the status "0" or "1"', 5, last)
        end
        m.type = payload == "1" and "Acknowledgement" or "Rejection"
        return m
    elseif kind == 6 then
        local status = payload:sub(1, 1)
        if payload == "0" then
            m.type = "Pending"
        elseif status == "1" or (status == "2" and is_session) then
            m.type = "Winners"
            if documents(m, payload:sub(2), 6, "|") then
                value(m, F.more, 5, 5, status == "2")
            end
        else
            return fail(m, 'expected "0", or "1" and the documents', 5, last)
        end
        return m
    elseif kind == 8 and is_session then
        return welcome(m, payload)
    elseif kind == 9 and is_session then
        m.type, m.ends = "Failure", true
        return reason(m, payload, 5, "|")
    elseif kind == 1 or kind == 3 or kind == 4 then
        return fail(m, "packet type " .. kind .. " is not for this side to receive", 1, 1)
    end
    return fail(m, "unknown packet type " .. kind, 1, 1)
end

local function packet(m, s, from_client, is_session)
    local kind, agency, low, high = s:byte(1, 4)
    local size = low + 256 * high
    value(m, F.packet_type, 1, 1, kind)
    value(m, F.packet_size, 3, 4, size)
    if agency > 0 then
        m.agency, m.agency_at, m.agency_end = agency, 2, 2
    end
    if size < 4 or size > #s then
        m.unbound = kind ~= 1 and kind ~= 4
        return fail_and_end(m, "size " .. size .. ", expected 4 to 8192", 3, 4)
    end
    local payload = s:sub(5, size)
    if from_client then
        request_packet(m, kind, agency, payload, is_session)
        -- Of a packet that is no request, the agency counts for nothing.
        m.unbound = m.problem ~= nil and kind ~= 1 and kind ~= 3 and kind ~= 4
        return m
    end
    return reply_packet(m, kind, payload, is_session)
end

-- fixed ---------------------------------------------------------------------------------------------------------------

local FIXED_BET = { 30, 30, 8, 10, 4 }

-- Returns the number of bytes to wait for, of which as many are missing at least, as a character has one byte or more. With
-- a packet at a time, a long batch would be looked at as often as it has packets. But the last ones come so: a packet in
-- which one wait ends and the next one, too, is not put together again when it is shown again.
local function at_least(missing)
    if missing > 131072 then
        return missing - 65536
    end
    return nil
end

local function fixed_size(s, at, from_client)
    local kind = s:sub(at, at)
    local numbers, width
    if from_client then
        if kind == "A" then
            numbers, width = 2, 82
        elseif kind == "F" or kind == "C" then
            numbers, width = 1, 0
        else
            return false, "expected A, F or C"
        end
    elseif kind == "O" then
        return s:sub(at + 1, at + 1) == "K" and 2 or 1
    elseif kind == "N" or kind == "K" then
        return 1
    elseif kind == "R" then
        numbers, width = 1, 8
    elseif kind == "E" then
        numbers, width = 1, 1
    else
        return false, "expected O, N, R or E"
    end
    local head = 1 + 5 * numbers
    if s:sub(at + 1, at + head - 1):find("[^0-9]") then
        return false, "expected a digit"
    end
    local have = #s - at + 1
    if have < head then
        return nil
    end
    local count = width > 0 and tonumber(s:sub(at + head - 5, at + head - 1)) or 0
    local size = head + count * width
    if from_client and size > prefs.max_message then
        return false, "a message of " .. size .. " bytes, at most " .. prefs.max_message .. " are taken"
    end
    local behind, missing = skip_chars(s, at + head, count * width)
    if behind then
        return behind - at
    elseif behind == nil then
        return nil, at_least(missing)
    end
    return false, "expected UTF-8"
end

local function fixed_request(m, s)
    local kind = s:sub(1, 1)
    m.type = ({ A = "Batch", F = "Finished", C = "Winners query" })[kind]
    m.agency, m.agency_at, m.agency_end = agency_of(s:sub(2, 6)), 2, 6
    if not m.agency then
        return fail_and_end(m, "expected an agency, 1 to 99999", 2, 6)
    elseif kind ~= "A" then
        m.ends = true
        return m
    end
    if utf8_fault(s) then
        return fail_and_end(m, "expected UTF-8", 12, #s)
    end
    local bets, at = {}, 12
    while at <= #s do
        local fields, places, behind = columns(s, at, FIXED_BET)
        if not fields then
            m.fatal = true
            return fail_in_bet(m, #bets + 1, "expected 82 characters", at, #s)
        end
        local bet, problem = unpadded_bet(fields, places)
        if not bet then
            m.fatal = true
            return fail_in_bet(m, #bets + 1, problem, at, behind - 1)
        end
        bet.from, bet.to = at, behind - 1
        bets[#bets + 1], at = bet, behind
    end
    m.bets = bets
    return m
end

local function fixed_reply(m, s)
    local kind = s:sub(1, 1)
    if kind == "O" then
        m.type = "Acknowledgement"
    elseif kind == "K" then
        m.type, m.filler = "Filler", true
    elseif kind == "N" then
        m.type = "Pending"
    elseif kind == "E" then
        m.type = "Failure"
        return reason(m, s:sub(7), 7)
    else
        m.type, m.documents = "Winners", {}
        for at = 7, #s, 8 do
            local padded = s:sub(at, at + 7)
            if not padded:find("^%d%d%d%d%d%d%d%d$") then
                m.documents = nil
                return fail(m, "expected a document of 8 digits", at, math.min(at + 7, #s))
            end
            local digits = without_zeros(padded)
            document(m, at + 8 - #digits, digits)
        end
    end
    return m
end

-- framed --------------------------------------------------------------------------------------------------------------

local function framed_size(s, at, from_client)
    local digits = s:sub(at, at + 7)
    if digits:find("[^0-9]") then
        return false, "expected eight digits, the length of the body"
    elseif #digits < 8 then
        return nil
    end
    local size, have = 8 + tonumber(digits), #s - at + 1
    if from_client and size > prefs.max_message then
        return false, "a message of " .. size .. " bytes, at most " .. prefs.max_message .. " are taken"
    elseif have < size then
        return nil, size - have
    end
    return size
end

local function framed_batch(m, s)
    local at = s:find("[^\n]", 9) or #s + 1
    local agency, count = s:match("^([^;\n]+);([^;\n]+)\n", at)
    if not agency then
        return fail(m, "expected END, or a first line with agency and count", 9, #s)
    end
    local agency_end, named = at + #agency - 1, agency_of(agency)
    if not named then
        return fail(m, "expected an agency, 1 to 99999", at, agency_end)
    end
    local said = number_of(count)
    if not said then
        -- lottery-proto does not note the agency of a batch whose first line is wrong.
        return fail(m, "expected a count of bets", agency_end + 2, agency_end + 1 + #count)
    end
    m.agency, m.agency_at, m.agency_end = named, at, agency_end
    local bets = {}
    at = agency_end + 2 + #count + 1
    while at <= #s do
        local found = s:find("\n", at, true)
        if not found then
            return fail_in_bet(m, #bets + 1, "expected a line end after the last bet", at, #s)
        end
        if found > at then
            local bet, problem = separated_bet(s:sub(at, found - 1), at, ";")
            if not bet then
                return fail_in_bet(m, #bets + 1, problem, at, found - 1)
            end
            bet.from, bet.to = at, found - 1
            bets[#bets + 1] = bet
        end
        at = found + 1
    end
    if #bets ~= said then
        return fail(m, said .. " bets announced, " .. #bets .. " found", agency_end + 2, agency_end + 1 + #count)
    end
    m.bets = bets
    return m
end

local function framed_request(m, s)
    if s:sub(9) == "END" then
        m.type, m.ends = "Finished", true
        return m
    end
    m.type = "Batch"
    return framed_batch(m, s)
end

local function framed_reply(m, s)
    local body = s:sub(9)
    if starts(body, "success;") then
        m.type = "Acknowledgement"
        return reason(m, body:sub(9), 17)
    elseif starts(body, "error;") then
        m.type = "Rejection"
        return reason(m, body:sub(7), 15)
    end
    m.type = "Winners"
    if body == "NO_WINNERS" then
        m.documents = {}
    elseif body == "" then
        return fail(m, "expected success;, error;, documents or NO_WINNERS", 1, #s)
    else
        documents(m, body, 9, ";")
    end
    return m
end

-- braces, bare --------------------------------------------------------------------------------------------------------

local KEYS = { "{PlayerName:", ",PlayerSurname:", ",PlayerDocID:", ",PlayerDateOfBirth:", ",WageredNumber:", ",AgencyID:" }
local A_BET = "{PlayerName:…,PlayerSurname:…,PlayerDocID:…,PlayerDateOfBirth:…,WageredNumber:…,AgencyID:…}"

local function until_byte(s, at, byte, from_client)
    local found = s:find(byte, at, true)
    if found then
        return found - at + 1
    elseif from_client and #s - at + 1 >= prefs.max_message then
        local size, limit = #s - at + 2, prefs.max_message
        return false, "a message of " .. size .. " bytes, at most " .. limit .. " are taken"
    end
    return nil
end

local function braces_size(s, at, from_client)
    return until_byte(s, at, ";", from_client)
end

-- Reads the keys and values of a bet at `at`. Returns its six values, their offsets, and the offset behind it.
local function keys_and_values(s, at)
    local fields, places = {}, {}
    for index, key in ipairs(KEYS) do
        if s:sub(at, at + #key - 1) ~= key then
            return nil
        end
        at = at + #key
        local behind = s:find("[,;:{}]", at) or #s + 1
        fields[index], places[index] = s:sub(at, behind - 1), at
        at = behind
    end
    if s:sub(at, at) ~= "}" then
        return nil
    end
    return fields, places, at + 1
end

-- Reads bets from `at` up to the semicolon that ends the message.
local function braces_bets(m, s, at)
    local bets, first, last = {}, at, #s - 1
    local agency, agency_at, agency_end
    while at <= last do
        local index, from = #bets + 1, at
        if from > first then
            if s:sub(at, at) ~= "," then
                return fail_in_bet(m, index, "expected a comma and a bet, or the end", at, last)
            end
            at = at + 1
        end
        local fields, places, behind = keys_and_values(s, at)
        if not fields then
            return fail_in_bet(m, index, "expected " .. A_BET, from, last)
        end
        local bet, problem = bet_of(fields, places)
        if not bet then
            return fail_in_bet(m, index, problem, at, behind - 1)
        end
        local named = agency_of(fields[6])
        if not named then
            return fail_in_bet(m, index, "expected an agency, 1 to 99999", places[6], places[6] + #fields[6] - 1)
        elseif agency and named ~= agency then
            return fail_in_bet(m, index, "agency " .. named .. ", expected " .. agency, at, behind - 1)
        elseif not agency then
            agency, agency_at, agency_end = named, places[6], places[6] + #fields[6] - 1
        end
        bet.from, bet.to = at, behind - 1
        bets[index], at = bet, behind
    end
    if #bets == 0 then
        return fail(m, "expected bets", 1, #s)
    end
    m.bets, m.agency, m.agency_at, m.agency_end = bets, agency, agency_at, agency_end
    return m
end

local function braces_request(m, s)
    if s == ";" then
        m.type, m.filler = "Filler", true
        return m
    end
    local kind = s:sub(1, 1)
    m.type = ({ B = "Batch", N = "Finished", Q = "Winners query" })[kind]
    if not m.type then
        return fail(m, "expected B, N or Q", 1, #s)
    elseif kind == "B" then
        return braces_bets(m, s, 2)
    end
    local agency = s:match("^.{AgencyID:([^}]*)};$")
    if not agency then
        return fail(m, "expected {AgencyID:…}", 2, #s)
    end
    m.agency, m.agency_at, m.agency_end = agency_of(agency), 12, 11 + #agency
    if not m.agency then
        return fail(m, "expected an agency, 1 to 99999", 12, math.max(12, 11 + #agency))
    end
    return m
end

local function braces_reply(m, s)
    if s == ";" then
        m.type, m.filler = "Filler", true
    elseif starts(s, "ERROR:") then
        m.type = "Rejection"
        return reason(m, s:sub(7, -2), 7)
    elseif s == "ACK_CHUNK;" or s == "ACK_NOTIFY;" then
        m.type = "Acknowledgement"
    elseif s == "W;" then
        m.type = "Pending"
    elseif starts(s, "R") then
        m.type, m.documents = "Winners", {}
        local at, last = 2, #s - 1
        while at <= last do
            local digits, behind = s:match("^{PlayerDocID:([^}]*)}()", at)
            if not digits or not is_document(digits) then
                m.documents = nil
                return fail(m, "expected {PlayerDocID:…} with 1 to 20 digits", at, last)
            end
            document(m, at + 13, digits)
            if behind <= last and (s:sub(behind, behind) ~= "," or behind == last) then
                m.documents = nil
                return fail(m, "expected a comma, or the end", behind, last)
            end
            at = behind + 1
        end
    else
        return fail(m, "expected ACK_CHUNK, ACK_NOTIFY, W, R or ERROR", 1, #s)
    end
    return m
end

local function bare_request(m, s)
    if s == ";" then
        m.type, m.filler = "Filler", true
        return m
    end
    m.type, m.ends = "Batch", true
    braces_bets(m, s, 1)
    if m.bets and #m.bets == 1 then
        m.type = "Bet"
        if #s > 8192 then
            m.bets = nil
            return fail(m, "a message of " .. #s .. " bytes, at most 8192 are taken", 1, #s)
        end
    end
    return m
end

local function bare_reply(m, s)
    if s == "ACK_CHUNK;" then
        m.type = "Acknowledgement"
        return m
    elseif starts(s, "ERROR:") then
        m.type = "Rejection"
        return reason(m, s:sub(7, -2), 7)
    elseif starts(s, "{") then
        m.type = "Acknowledgement"
        braces_bets(m, s, 1)
        if not m.problem then
            return m
        end
        m.problem = nil
    end
    -- Any other text is a rejection. It may be a part of a bet, so it is not shown.
    m.type = "Rejection"
    return m
end

-- short ---------------------------------------------------------------------------------------------------------------

local function short_size(s, at)
    local have = #s - at + 1
    if have < 128 then
        return nil, 128 - have
    end
    return 128
end

local function short_packet(m, s, from_client)
    local kind, agency, size = s:byte(1, 3)
    local expected = from_client and 1 or 2
    m.type, m.ends = from_client and "Bet" or nil, true
    if kind ~= expected then
        return fail(m, "packet type " .. kind .. ", expected " .. expected, 1, 1)
    end
    value(m, F.packet_type, 1, 1, kind)
    value(m, F.packet_size, 3, 3, size)
    if size < 3 or size > 128 then
        return fail(m, "size " .. size .. ", expected 3 to 128", 3, 3)
    elseif agency == 0 then
        return fail(m, "expected an agency from 1", 2, 2)
    end
    m.agency, m.agency_at, m.agency_end = agency, 2, 2
    local payload = s:sub(4, size)
    if from_client then
        local bet, problem = separated_bet(payload, 4, "|")
        if not bet then
            return fail_in_bet(m, 1, problem, 4, math.max(4, size))
        end
        m.bets = { bet }
        return m
    end
    return reply_packet(m, 2, payload, false)
end

local function short_request(m, s)
    return short_packet(m, s, true)
end

local function short_reply(m, s)
    local before = #(m.values or {})
    short_packet(m, s, false)
    -- Its header is a byte shorter than that of a block.
    for index, entry in ipairs(m.values or {}) do
        if index > before and entry[1] == F.number then
            entry[2], entry[3] = entry[2] - 1, entry[3] - 1
        end
    end
    for _, entry in ipairs(m.documents or {}) do
        entry[1] = entry[1] - 1
    end
    if m.problem_at and m.problem_at >= 5 then
        m.problem_at, m.problem_end = m.problem_at - 1, m.problem_end - 1
    end
    return m
end

-- columns, line, echo -------------------------------------------------------------------------------------------------

local COLUMNS = { 5, 10, 10, 8, 10, 4 }

local function columns_size(s, at, from_client)
    if not from_client then
        return until_byte(s, at, "\n", false)
    end
    local behind = skip_chars(s, at, 47)
    if behind then
        return behind - at
    elseif behind == nil then
        return nil
    end
    return false, "expected UTF-8"
end

local function columns_bet(m, s)
    if utf8_fault(s) then
        return fail(m, "expected UTF-8", 1, #s)
    end
    local fields, places = columns(s, 1, COLUMNS)
    if not fields then
        return fail(m, "expected 47 characters", 1, #s)
    end
    local agency = agency_of(table.remove(fields, 1))
    table.remove(places, 1)
    if not agency then
        return fail(m, "expected an agency, 1 to 99999", 1, 5)
    end
    m.agency, m.agency_at, m.agency_end = agency, 1, 5
    local bet, problem = unpadded_bet(fields, places)
    if not bet then
        return fail_in_bet(m, 1, problem, 6, #s)
    end
    m.bets = { bet }
    return m
end

local function columns_request(m, s)
    m.type, m.ends = "Bet", true
    return columns_bet(m, s)
end

local function columns_reply(m, s)
    m.type = "Acknowledgement"
    return columns_bet(m, s:sub(1, -2))
end

local function line_size(s, at, from_client)
    return until_byte(s, at, "\n", from_client)
end

local function line_request(m, s)
    m.type, m.ends = "Bet", true
    local line = s:sub(1, -2)
    local parts, places = split(line, ";")
    if #parts ~= 6 then
        return fail_in_bet(m, 1, #parts - 1 .. " fields, expected 5", 1, #s)
    end
    local agency, agency_end = agency_of(table.remove(parts, 1)), table.remove(places, 1) and places[1] - 2
    if not agency then
        return fail(m, "expected an agency, 1 to 99999", 1, math.max(1, agency_end))
    end
    m.agency, m.agency_at, m.agency_end = agency, 1, agency_end
    local bet, problem = bet_of(parts, places)
    if not bet then
        return fail_in_bet(m, 1, problem, places[1], #line)
    end
    m.bets = { bet }
    return m
end

local function line_reply(m, s)
    local line = s:sub(1, -2)
    if starts(line, "success;") then
        m.type = "Acknowledgement"
        return reason(m, line:sub(9), 9)
    elseif starts(line, "error;") then
        m.type = "Rejection"
        return reason(m, line:sub(7), 7)
    end
    return fail(m, "expected success; or error;", 1, #s)
end

local function echo_size(s, at, from_client, ended)
    local found = s:find("\n", at, true)
    local size = found and found - at + 1 or #s - at + 1
    local line = found and size - 1 or size
    if from_client and line > 8192 then
        return false, "a message of 8193 bytes, at most 8192 are taken"
    elseif found or ended then
        return size
    end
    return nil
end

local METHODS = {
    GET = true, HEAD = true, POST = true, PUT = true, DELETE = true, CONNECT = true, OPTIONS = true, TRACE = true,
    PATCH = true, PRI = true,
}

-- Returns the name of another protocol that begins so.
local function foreign(s)
    if starts(s, "\22\3") then
        return "TLS"
    end
    local method, rest = s:match("^[^\n]*"):match("^(%u+) (.*)$")
    if method and METHODS[method] and rest:match("[^ ]*%s*$"):find("^HTTP/") then
        return "HTTP"
    end
    return nil
end

local function echo_line(m, s)
    m.type, m.ends = "Line", true
    local line = s:match("^(.-)[ \t\n\f\r]*$")
    value(m, F.line, 1, math.max(1, #line), line)
    return m
end

local function echo_request(m, s)
    local other = foreign(s)
    if other then
        m.type, m.ends, m.foreign = other, true, other
        return m
    end
    return echo_line(m, s)
end

-- Dialects ------------------------------------------------------------------------------------------------------------

-- `size` returns the length of the message at `at`; nil and the number of bytes to wait for, if more than the next packet
-- is needed; or false and a problem after which nobody knows where the next message begins.
local CODECS = {
    block = {
        size = block_size,
        request = function(m, s) return packet(m, s, true, false) end,
        reply = function(m, s) return packet(m, s, false, false) end,
    },
    session = {
        size = session_size,
        request = function(m, s) return packet(m, s, true, true) end,
        reply = function(m, s) return packet(m, s, false, true) end,
    },
    fixed = { size = fixed_size, request = fixed_request, reply = fixed_reply },
    framed = { size = framed_size, request = framed_request, reply = framed_reply },
    braces = { size = braces_size, request = braces_request, reply = braces_reply },
    short = { size = short_size, request = short_request, reply = short_reply },
    columns = { size = columns_size, request = columns_request, reply = columns_reply },
    line = { size = line_size, request = line_request, reply = line_reply },
    bare = { size = braces_size, request = bare_request, reply = bare_reply },
    echo = { size = echo_size, request = echo_request, reply = echo_line },
}

-- Answers of a dialect to the first bytes of a connection. Undecided is nil.
local YES, NO, UNDECIDED = true, false, nil

local function prefix(s, expected)
    local n = math.min(#s, #expected)
    if s:sub(1, n) ~= expected:sub(1, n) then
        return NO
    elseif n == #expected then
        return YES
    end
    return UNDECIDED
end

local function digits(s, from, count)
    local part = s:sub(from, from + count - 1)
    if part:find("[^0-9]") then
        return NO
    elseif #part == count then
        return YES
    end
    return UNDECIDED
end

local function is_short(s)
    local low, high = s:byte(3, 4)
    if not high then
        return UNDECIDED
    end
    return high > 32 or (high == 32 and low ~= 0)
end

local function is_framed(s)
    local longest = math.min(math.max(prefs.max_message - 8, 0), 99999999)
    local first = s:sub(1, 1)
    if first:find("^%d") and tonumber(first) > math.floor(longest / 10000000) then
        return NO
    end
    return digits(s, 1, 8)
end

local function is_columns(s)
    local count = #s:sub(1, 8):match("^%d*")
    local next_byte = s:sub(count + 1, count + 1)
    if next_byte == "" and count <= 7 then
        return UNDECIDED
    elseif next_byte == "" or next_byte == ";" or count < 5 or count > 7 then
        return NO
    end
    local head = s:sub(1, 188)
    local behind = skip_chars(head, 1, 47)
    if behind == false then
        return NO
    end
    local bet = head:sub(1, (behind or #head + 1) - 1)
    if bet:find("[\0-\31\127]") then
        return NO
    elseif not behind then
        return UNDECIDED
    end
    local fields = not utf8_fault(bet) and columns(bet, 1, COLUMNS)
    if not fields then
        return NO
    end
    local is_digit = is_digits(fields[1]) and is_digits(fields[4]) and is_digits(fields[6])
    return is_digit and fields[5]:find("^%d%d%d%d%-%d%d%-%d%d$") ~= nil
end

local function is_line(s)
    local count = #s:sub(1, 8):match("^%d*")
    local next_byte = s:sub(count + 1, count + 1)
    if next_byte == "" and count <= 7 then
        return UNDECIDED
    elseif next_byte ~= ";" or count < 1 or count > 7 then
        return NO
    end
    local head = s:sub(1, 1024)
    local found = head:find("\n", 1, true)
    if not found then
        if #head < 1024 then
            return UNDECIDED
        end
        return NO
    end
    local parts = split(head:sub(1, found - 1), ";")
    return #parts == 6 and parts[6]:find("^%-?%d+$") ~= nil
end

-- In the order in which a server asks its dialects.
local function answers(s)
    local first = s:byte(1)
    local block = NO
    if first == 1 then
        local short = is_short(s)
        if short == nil then block = UNDECIDED else block = not short end
    elseif first <= 9 and first >= 2 and first ~= 7 then
        block = YES
    end
    local letter, rest = s:sub(1, 1), s:sub(2)
    local fixed, braces = NO, NO
    if letter == "A" then
        fixed = digits(s, 2, 10)
    elseif letter == "F" or letter == "C" then
        fixed = digits(s, 2, 5)
    elseif letter == "B" then
        braces = prefix(rest, KEYS[1])
    elseif letter == "N" or letter == "Q" then
        braces = prefix(rest, "{AgencyID:")
    end
    local short = NO
    if first == 1 then
        short = is_short(s)
    end
    return {
        block = block, session = first == 7, fixed = fixed, framed = is_framed(s), braces = braces, short = short,
        columns = is_columns(s), line = is_line(s), bare = prefix(s, KEYS[1]), echo = NO,
    }
end

-- Returns the dialect whose first message begins so; nil while that is not decided (docs/protocol.md#detection).
local function detect(s, ended)
    local found = answers(s)
    for _, name in ipairs(DIALECTS) do
        local answer = found[name]
        if answer == YES then
            return name
        elseif answer == UNDECIDED and not ended then
            return nil
        end
    end
    return "echo"
end

-- Connections ---------------------------------------------------------------------------------------------------------

-- State of connections, by the number of the stream. Packets are seen in order once, and then in any order: what a later
-- pass needs is kept as the first has found it.
local connections = {}

local function contains(range, port)
    for part in tostring(range):gmatch("[^,%s]+") do
        local first, last = part:match("^(%d*)%-(%d*)$")
        first, last = first or part, last or part
        if port >= (tonumber(first) or 0) and port <= (tonumber(last) or 65535) then
            return true
        end
    end
    return false
end

local function is_served(port)
    return contains(prefs.ports, port) or contains(prefs.tls_ports, port)
end

-- Returns the connection of a packet, and if the client sent it. Where ports do not say who is the server, it is who is
-- spoken to first.
local function connection(pinfo)
    local stream = tcp_stream()
    local key = stream and stream.value or 0
    local c = connections[key]
    if not c then
        c = { agency = nil, sides = { [true] = { dropped = {} }, [false] = { dropped = {} } } }
        local from_server = is_served(pinfo.src_port) and not is_served(pinfo.dst_port)
        c.server = from_server and pinfo.src_port or pinfo.dst_port
        c.address = tostring(from_server and pinfo.src or pinfo.dst)
        local completeness = tcp_completeness()
        -- The first bit says that a SYN was seen.
        c.guessed = completeness ~= nil and completeness.value % 2 == 0
        if c.guessed and prefs.dialect > 0 then
            c.dialect = DIALECTS[prefs.dialect]
        end
        connections[key] = c
    end
    local from_client = pinfo.dst_port == c.server
    if pinfo.src_port == pinfo.dst_port then
        from_client = tostring(pinfo.dst) == c.address
    end
    return c, from_client
end

-- Display -------------------------------------------------------------------------------------------------------------

local function personal(tree, field, range, text)
    if prefs.personal then
        tree:add(field, range, text)
    end
end

local function add_bet(tree, tvb, base, bet, index, count)
    local function range(from, to)
        return tvb(base + from - 1, math.max(to - from + 1, 0))
    end
    local fields, places = bet.fields, bet.places
    local function place(at)
        return range(places[at], places[at] + #fields[at] - 1)
    end
    local sub = tree
    if count > 1 or bet.from then
        sub = tree:add(F.bet, range(bet.from or places[1], bet.to or places[5] + #fields[5] - 1))
        sub:append_text(" " .. index)
    end
    personal(sub, F.first_name, place(1), fields[1])
    personal(sub, F.last_name, place(2), fields[2])
    personal(sub, F.document, place(3), fields[3])
    personal(sub, F.birthdate, place(4), fields[4])
    sub:add(F.number, place(5), tonumber(fields[5]))
end

-- Adds a message of `size` bytes to the tree, and returns its summary.
local function show(tree, tvb, base, size, c, from_client, m)
    local item = tree:add(lottery, tvb(base, size))
    -- What is not in the bytes, or is about all of them, marks none.
    local none = tvb(base, 0)
    local function range(from, to)
        from = math.min(math.max(from, 1), size)
        return tvb(base + from - 1, math.max(math.min(to, size) - from + 1, 0))
    end
    local type = m.type or "Unknown"
    item:add(F.wire, none, c.dialect):set_generated()
    item:add(F.from_client, none, from_client):set_generated()
    item:add(F.type, none, type):set_generated()
    item:add(F.length, none, size):set_generated()
    local summary = type
    if c.guessed then
        item:add_proto_expert_info(E.guessed, "The beginning of the connection is not in the capture")
    end
    if m.agency then
        item:add(F.agency, range(m.agency_at, m.agency_end), m.agency)
        summary = summary .. ", agency " .. m.agency
    elseif c.agency and not m.problem then
        item:add(F.agency, none, c.agency):set_generated()
        summary = summary .. ", agency " .. c.agency
    end
    for _, entry in ipairs(m.values or {}) do
        local field, from, to, what = entry[1], entry[2], entry[3], entry[4]
        if field == F.line then
            personal(item, field, range(from, to), what)
        else
            item:add(field, range(from, to), what)
        end
        if field == F.code or field == F.text then
            summary = summary .. ", " .. what
        elseif field == F.stored then
            summary = summary .. ", " .. tostring(what) .. " stored"
        end
    end
    if m.bets then
        item:add(F.bets, none, #m.bets):set_generated()
        summary = summary .. ", " .. #m.bets .. (#m.bets == 1 and " bet" or " bets")
        for index, bet in ipairs(m.bets) do
            add_bet(item, tvb, base, bet, index, #m.bets)
        end
    end
    if m.documents then
        if type == "Winners" then
            item:add(F.winners, none, #m.documents):set_generated()
            summary = summary .. ", " .. #m.documents
        end
        for _, entry in ipairs(m.documents) do
            personal(item, F.document, range(entry[1], entry[1] + #entry[2] - 1), entry[2])
        end
    end
    if m.problem then
        local place = item:add(F.problem, range(m.problem_at or 1, m.problem_end or size), m.problem)
        place:add_proto_expert_info(E.malformed, m.problem)
        summary = summary .. " [malformed: " .. m.problem .. "]"
    elseif type == "Rejection" or type == "Failure" then
        item:add_proto_expert_info(E.rejected)
    elseif m.foreign then
        item:add_proto_expert_info(E.foreign, m.foreign .. ", which is not spoken here")
    end
    item:append_text(", " .. c.dialect .. ", " .. summary)
    return summary
end

local function show_unfinished(tree, tvb, base, size, dialect, why)
    local item = tree:add(lottery, tvb(base, size))
    if dialect then
        item:add(F.wire, tvb(base, 0), dialect):set_generated()
    end
    item:add(F.unfinished, tvb(base, 0), size):set_generated()
    item:append_text(", " .. (dialect or "dialect not known yet") .. ", " .. why)
    item:add_proto_expert_info(E.partial, why)
end

-- Checks the agency of a message against that of its connection.
local function bind(c, m)
    if not m.agency or m.unbound then
        return
    end
    if not c.agency then
        c.agency = m.agency
    elseif c.agency ~= m.agency then
        local fatal = c.dialect == "block" or c.dialect == "session" or c.dialect == "fixed"
        m.bets, m.fatal = nil, m.fatal or fatal
        fail(m, "agency " .. m.agency .. ", expected " .. c.agency, m.agency_at, m.agency_end)
    end
end

-- Dissects the messages from `at` on, and returns the summaries, and the number of bytes that are missing, if some are.
local function messages(tvb, pinfo, tree, c, from_client)
    local s, at, summaries = tvb:raw(), 1, {}
    local side, is_cut = c.sides[from_client], tvb:captured_len() < tvb:reported_len()
    -- A packet may end one message and hold others: its calls differ in their place, and inside TLS in their bytes.
    local call = table.concat({ pinfo.number, tvb:offset(), #s, s:sub(1, 64) }, "/")
    local ended_before = side.ended
    if pinfo.visited then
        ended_before = side.dropped[call]
    elseif ended_before then
        side.dropped[call] = true
    end
    local ended = ended_before
    local fin = tcp_fin()
    local is_last = fin ~= nil and fin.value == true
    if not c.dialect then
        if not from_client then
            -- A server that speaks first has no dialect to speak.
            show_unfinished(tree, tvb, 0, #s, nil, #s .. " bytes of a server whose client has sent nothing yet")
            return summaries
        end
        c.dialect = detect(s, is_last)
        if not c.dialect then
            show_unfinished(tree, tvb, 0, #s, nil, #s .. " bytes that may begin more than one dialect")
            return summaries, 1, DESEGMENT_ONE_MORE_SEGMENT
        end
    end
    local codec = CODECS[c.dialect]
    while at <= #s do
        local left = #s - at + 1
        if ended then
            local item = tree:add(lottery, tvb(at - 1, left))
            item:add(F.wire, tvb(at - 1, 0), c.dialect):set_generated()
            item:add(F.dropped, tvb(at - 1, 0), left):set_generated()
            item:append_text(", " .. c.dialect .. ", " .. left .. " bytes behind the last message")
            item:add_proto_expert_info(E.dropped, "What follows the last message of a connection is dropped")
            summaries[#summaries + 1] = left .. " bytes that are dropped"
            break
        end
        local size, missing = codec.size(s, at, from_client, is_last)
        local m = {}
        if size == nil then
            local why = left .. " bytes of a message that is not complete"
            if is_cut then
                why = why .. ": the capture lacks the rest of the packet"
            end
            show_unfinished(tree, tvb, at - 1, left, c.dialect, why)
            return summaries, at, missing or DESEGMENT_ONE_MORE_SEGMENT
        elseif size == false then
            m = { type = "Unknown", problem = missing, fatal = true }
            size = left
        else
            local message = s:sub(at, at + size - 1)
            if from_client then
                codec.request(m, message)
                bind(c, m)
            else
                codec.reply(m, message)
            end
        end
        summaries[#summaries + 1] = show(tree, tvb, at - 1, size, c, from_client, m)
        at = at + size
        if (m.ends and from_client) or m.fatal then
            ended, side.ended = true, true
        end
    end
    return summaries
end

function lottery.dissector(tvb, pinfo, tree)
    local c, from_client = connection(pinfo)
    pinfo.cols.protocol = "Lottery"
    local summaries, at, missing = messages(tvb, pinfo, tree, c, from_client)
    if #summaries > 0 then
        pinfo.cols.info:set((from_client and "→ " or "← ") .. table.concat(summaries, "; ") .. " ")
        pinfo.cols.info:fence()
    end
    if at and pinfo.can_desegment > 0 then
        pinfo.desegment_offset = at - 1
        pinfo.desegment_len = missing
    end
    return tvb:len()
end

function lottery.init()
    connections = {}
end

-- Ports ---------------------------------------------------------------------------------------------------------------

local registered = { ports = "", tls_ports = "" }
local tcp_ports, tls_ports = DissectorTable.get("tcp.port"), DissectorTable.get("tls.port")
local tls = Dissector.get("tls")

local function change(name, apply)
    local range = tostring(prefs[name])
    if range ~= registered[name] then
        if registered[name] ~= "" then
            apply("remove", registered[name])
        end
        if range ~= "" then
            apply("add", range)
        end
        registered[name] = range
    end
end

local function register()
    change("ports", function(how, range)
        tcp_ports[how](tcp_ports, range, lottery)
    end)
    change("tls_ports", function(how, range)
        tls_ports[how](tls_ports, range, lottery)
        tcp_ports[how](tcp_ports, range, tls)
    end)
end

lottery.prefs_changed = register
register()
