//! Names of invented people: ordinary Argentine ones, some with accents, `ñ` and `ü`.
//!
//! No name holds a comma, a quote, `|`, `;`, `:` or a brace, so that every dialect can carry it. The order
//! counts: a changed list changes the files made from the same seed.

/// Given names of women.
#[rustfmt::skip] // as many to a line as fit
pub(super) const WOMEN: &[&str] = &[
    "Ada", "Adela", "Adriana", "Agustina", "Alba", "Alejandra", "Alicia", "Amalia", "Amanda", "Ana",
    "Andrea", "Antonella", "Araceli", "Aurora", "Azul", "Beatriz", "Bianca", "Blanca", "Brenda", "Camila",
    "Carina", "Carla", "Carmen", "Carolina", "Catalina", "Cecilia", "Celeste", "Celina", "Clara",
    "Claudia", "Constanza", "Cristina", "Daniela", "Delfina", "Diana", "Dolores", "Elena", "Elisa",
    "Elvira", "Emilia", "Emma", "Ester", "Eugenia", "Eva", "Fabiana", "Felicitas", "Fernanda",
    "Florencia", "Francisca", "Gabriela", "Gisela", "Gloria", "Graciela", "Griselda", "Guadalupe",
    "Guillermina", "Isabel", "Ivana", "Jimena", "Josefina", "Juana", "Julia", "Juliana", "Julieta",
    "Laura", "Leticia", "Lidia", "Liliana", "Lorena", "Lourdes", "Lucía", "Luciana", "Lucila", "Luisa",
    "Luz", "Magdalena", "Malena", "Manuela", "Marcela", "Margarita", "María", "Mariana", "Marina",
    "Marta", "Matilde", "Mercedes", "Micaela", "Milagros", "Miriam", "Mirta", "Mónica", "Nadia",
    "Natalia", "Nora", "Norma", "Olga", "Olivia", "Paloma", "Patricia", "Paula", "Pilar", "Raquel",
    "Renata", "Rita", "Romina", "Rosa", "Rosario", "Roxana", "Sabrina", "Sandra", "Silvia", "Silvina",
    "Sofía", "Sol", "Soledad", "Stella", "Susana", "Teresa", "Valentina", "Valeria", "Vanesa", "Victoria",
    "Virginia", "Viviana", "Yamila", "Yanina", "Yolanda", "Zulema",
];

/// Given names of men.
#[rustfmt::skip] // as many to a line as fit
pub(super) const MEN: &[&str] = &[
    "Abel", "Adolfo", "Alan", "Alberto", "Aldo", "Alejandro", "Alejo", "Alfredo", "Amadeo", "Andrés",
    "Antonio", "Ariel", "Armando", "Arturo", "Augusto", "Aurelio", "Bautista", "Benito", "Bernardo",
    "Braulio", "Bruno", "Camilo", "Carlos", "Claudio", "Cristian", "Daniel", "Dante", "Diego", "Domingo",
    "Eduardo", "Emanuel", "Emilio", "Enrique", "Enzo", "Ernesto", "Esteban", "Ezequiel", "Fabricio",
    "Facundo", "Federico", "Felipe", "Fernando", "Fidel", "Francisco", "Franco", "Gabriel", "Gaspar",
    "Gerardo", "Gonzalo", "Gregorio", "Guillermo", "Gustavo", "Horacio", "Hugo", "Humberto", "Ignacio",
    "Isidro", "Ismael", "Jacinto", "Javier", "Jorge", "José", "Juan", "Julio", "Justo", "Lautaro",
    "Leandro", "Leonardo", "Leonel", "Lisandro", "Lorenzo", "Lucas", "Luciano", "Luis", "Manuel",
    "Marcelo", "Marcos", "Mariano", "Mario", "Martín", "Mateo", "Mauricio", "Mauro", "Maximiliano",
    "Miguel", "Nahuel", "Norberto", "Octavio", "Omar", "Orlando", "Oscar", "Osvaldo", "Pablo", "Patricio",
    "Pedro", "Ramiro", "Raúl", "Renato", "Ricardo", "Roberto", "Rodolfo", "Rodrigo", "Rogelio", "Roque",
    "Salvador", "Samuel", "Santiago", "Santino", "Segundo", "Sergio", "Silvio", "Teodoro", "Thiago",
    "Ulises", "Valentino", "Vicente", "Walter", "Wenceslao",
];

/// Given names of several words, used alone and seldom.
#[rustfmt::skip] // as many to a line as fit
pub(super) const COMPOUND: &[&str] = &[
    "María del Carmen", "María del Pilar", "María del Rosario", "María de la Paz", "María de los Ángeles",
    "María de los Milagros", "Juan de la Cruz", "Juan de Dios",
];

/// Surnames. About one in four is not ASCII.
#[rustfmt::skip] // as many to a line as fit
pub(super) const SURNAMES: &[&str] = &[
    "Acosta", "Acuña", "Agüero", "Aguirre", "Alonso", "Alvarado", "Álvarez", "Andrade", "Aranda", "Arce",
    "Argüello", "Arias", "Arroyo", "Ávila", "Ayala", "Báez", "Barrera", "Barrios", "Benítez", "Bianchi",
    "Blanco", "Bravo", "Brizuela", "Bustos", "Cabrera", "Cáceres", "Campos", "Cano", "Cárdenas",
    "Cardozo", "Carrizo", "Casas", "Castañeda", "Castillo", "Castro", "Ceballos", "Cejas", "Colombo",
    "Contreras", "Córdoba", "Coronel", "Correa", "Costa", "Cruz", "De Luca", "Del Valle", "Delgado",
    "Di Marco", "Díaz", "Domínguez", "Duarte", "Escobar", "Espinoza", "Esposito", "Estrada", "Fernández",
    "Ferrari", "Ferreyra", "Figueroa", "Flores", "Franco", "Fuentes", "Funes", "Galeano", "Gallardo",
    "Gallo", "Garay", "García", "Gauna", "Giménez", "Godoy", "Gómez", "González", "Greco", "Guerrero",
    "Gutiérrez", "Heredia", "Hernández", "Herrera", "Ibáñez", "Jiménez", "Juárez", "Ledesma",
    "Leguizamón", "Leiva", "Lescano", "Lombardi", "López", "Lucero", "Luján", "Luna", "Maidana",
    "Maldonado", "Mansilla", "Marino", "Martínez", "Medina", "Méndez", "Mendoza", "Mercado", "Miranda",
    "Molina", "Montenegro", "Montero", "Morales", "Moreno", "Moretti", "Moreyra", "Muñoz", "Navarro",
    "Nieto", "Núñez", "Ojeda", "Olivera", "Ordóñez", "Orellana", "Ortega", "Ortiz", "Otero", "Pacheco",
    "Páez", "Palacios", "Paredes", "Peña", "Pereira", "Pereyra", "Pérez", "Ponce", "Prieto", "Quevedo",
    "Quinteros", "Quiroga", "Ramírez", "Ramos", "Reyes", "Ríos", "Rivera", "Rivero", "Robledo",
    "Rodríguez", "Rojas", "Román", "Romano", "Romero", "Rossi", "Ruiz", "Russo", "Saavedra", "Salas",
    "Salinas", "Sánchez", "Santos", "Segovia", "Serrano", "Silva", "Soria", "Sosa", "Soto", "Suárez",
    "Toledo", "Torres", "Trejo", "Ulloa", "Urquiza", "Valdez", "Varela", "Vargas", "Vázquez", "Vega",
    "Velázquez", "Vera", "Vergara", "Vidal", "Videla", "Villalba", "Villegas", "Zalazar", "Zapata",
    "Zeballos",
];
