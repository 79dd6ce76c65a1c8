"""Short English phrases with their Korean, Spanish and French: a small grammar, so that every alignment is known.

Each language puts the same parts in its own order. Korean: subject, object, verb; particles on the nouns, and no
articles. Spanish: no subject pronoun, since the verb's ending says it; adjectives after the noun, object pronouns
before the verb. French: colours after the noun and sizes before it, vowels dropped before a vowel.

Of several right translations there is one here: the informal you (너, tú, tu), and the masculine where nothing says
otherwise.
"""

from collections.abc import Callable, Iterator

from rnn2attn.tasks.held_out import is_held_out

Parts = list[tuple[str, str]]
Aligned = tuple[list[str], list[str], list[tuple[int, ...]]]

# A part has one letter: S subject, A auxiliary or copula, V verb, O object pronoun, D determiner, J adjective, N
# noun. A target token carries the letters of all English words that it translates: (estamos, "SA") is "we are".

EXAMPLES = ("I love you", "we are eating bread", "I am a student")

SUBJECTS = {
    "en": "I you he she we they",
    "ko": "나는 너는 그는 그녀는 우리는 그들은",
    "fr": "je tu il elle nous ils",
}
OBJECTS = {
    "en": "me you him her us them",
    "ko": "나를 너를 그를 그녀를 우리를 그들을",
    "es": "me te lo la nos los",
    "fr": "me te le la nous les",
}
TO_BE = {
    "en": "am are is is are are",
    "es": "soy eres es es somos son",
    "es progressive": "estoy estás está está estamos están",
    "fr": "suis es est est sommes sont",
}

# What someone is doing: English, Korean, Spanish gerund, French present (je, tu, il, nous, ils), objects.
ACTIVITIES = [
    ("eating", "먹고", "comiendo", "mange manges mange mangeons mangent", "bread cheese meat apple orange"),
    ("drinking", "마시고", "bebiendo", "bois bois boit buvons boivent", "milk water coffee tea juice"),
    ("reading", "읽고", "leyendo", "lis lis lit lisons lisent", "book letter newspaper"),
    ("writing", "쓰고", "escribiendo", "écris écris écrit écrivons écrivent", "book letter"),
    ("buying", "사고", "comprando", "achète achètes achète achetons achètent", "bread cheese book flower bag"),
    ("selling", "팔고", "vendiendo", "vends vends vend vendons vendent", "cheese car house chair"),
    ("looking for", "찾고", "buscando", "cherche cherches cherche cherchons cherchent", "bag book chair letter"),
]
# What is so: English (I, he), Korean verb and its particle (after a consonant, after a vowel), Spanish (yo, tú, él,
# nosotros, ellos) and French present, objects; "persons" stands for the object pronouns.
STATES = [
    ("see, sees", "봐", "을를", "veo ves ve vemos ven", "vois vois voit voyons voient", "persons house flower car"),
    ("want, wants", "원해", "을를", "quiero quieres quiere queremos quieren", "veux veux veut voulons veulent",
     "bread water coffee apple flower"),
    ("have, has", "있어", "이가", "tengo tienes tiene tenemos tienen", "ai as a avons ont", "book car house"),
    ("love, loves", "사랑해", "을를", "amo amas ama amamos aman", "aime aimes aime aimons aiment", "persons"),
    ("know, knows", "알아", "을를", "conozco conoces conoce conocemos conocen",
     "connais connais connaît connaissons connaissent", "persons"),
    ("wait for, waits for", "기다려", "을를", "espero esperas espera esperamos esperan",
     "attends attends attend attendons attendent", "persons"),
]  # fmt: skip
# Korean; Spanish with article; French with article; adjectives. "some" nouns come without article in English.
NOUNS = {
    "bread": ("빵", "el pan", "le pain", "some"),
    "cheese": ("치즈", "el queso", "le fromage", "some"),
    "meat": ("고기", "la carne", "la viande", "some"),
    "milk": ("우유", "la leche", "le lait", "some"),
    "water": ("물", "el agua", "la eau", "some"),
    "coffee": ("커피", "el café", "le café", "some"),
    "tea": ("차", "el té", "le thé", "some"),
    "juice": ("주스", "el jugo", "le jus", "some"),
    "apple": ("사과", "la manzana", "la pomme", "red small"),
    "orange": ("오렌지", "la naranja", "la orange", "small"),
    "book": ("책", "el libro", "le livre", "red small"),
    "letter": ("편지", "la carta", "la lettre", ""),
    "newspaper": ("신문", "el periódico", "le journal", ""),
    "house": ("집", "la casa", "la maison", "big white"),
    "flower": ("꽃", "la flor", "la fleur", "red white"),
    "car": ("자동차", "el coche", "la voiture", "blue black"),
    "bag": ("가방", "el bolso", "le sac", "black big"),
    "chair": ("의자", "la silla", "la chaise", "small red"),
}
# Korean; Spanish and French, masculine and feminine.
ADJECTIVES = {
    "red": ("빨간", "rojo roja", "rouge rouge"),
    "white": ("하얀", "blanco blanca", "blanc blanche"),
    "black": ("검은", "negro negra", "noir noire"),
    "blue": ("파란", "azul azul", "bleu bleue"),
    "big": ("큰", "grande grande", "grand grande"),
    "small": ("작은", "pequeño pequeña", "petit petite"),
}
BEFORE_THE_NOUN = ("big", "small")  # in French
# Korean; Spanish and French: masculine, feminine, plural.
PROFESSIONS = {
    "student": ("학생", "estudiante estudiante estudiantes", "étudiant étudiante étudiants"),
    "teacher": ("교사", "profesor profesora profesores", "professeur professeure professeurs"),
    "doctor": ("의사", "médico médica médicos", "médecin médecin médecins"),
    "singer": ("가수", "cantante cantante cantantes", "chanteur chanteuse chanteurs"),
}
VERB_FORM = (0, 1, 2, 2, 3, 4)  # he and she share one
SHE, WE = 3, 4


def pairs(target: str = "ko", test: bool = False) -> list[tuple[list[str], list[str]]]:
    """`aligned`, without the alignments: pairs (English tokens, target tokens)."""
    return [(english, words) for english, words, _ in aligned(target, test)]


def aligned(target: str = "ko", test: bool = False) -> list[Aligned]:
    """All phrases of the grammar in one language, without those held out, or only those.

    About one phrase in ten is held out, the same ones in each language, `EXAMPLES` among them.

    Args:
        target: "ko", "es" or "fr".
        test: the phrases that are held out.

    Returns:
        Triples (English tokens, target tokens, alignment). The alignment has an entry for each target token: the
        positions of the English words that it translates, or none, ().

    Raises:
        ValueError: there is no such language.
    """
    if target not in ("ko", "es", "fr"):
        raise ValueError(f"target is {target!r}, but 'ko', 'es' or 'fr' was expected")
    chosen = []
    for parts in _phrases():
        source = [word for word, _ in parts["en"]]
        text = " ".join(source)
        if (text in EXAMPLES or is_held_out(text)) == test:
            at = [
                tuple(i for i, (_, part) in enumerate(parts["en"]) if part in letters) for _, letters in parts[target]
            ]
            chosen.append((source, [word for word, _ in parts[target]], at))
    return chosen


def _phrases() -> Iterator[dict[str, Parts]]:
    for person in range(6):
        for name in PROFESSIONS:
            yield _is(person, name)
        for ing, *verb, objects in ACTIVITIES:
            for noun in _noun_phrases(objects):
                yield _is_doing(person, ing, *verb, noun)
        for verb in STATES:
            for noun in _noun_phrases(verb[-1]):
                yield _does(person, *verb[:-1], noun)
            if "persons" in verb[-1]:
                for other in range(6):
                    if {person, other} not in ({0}, {1}, {WE}, {0, WE}):  # I see me
                        yield _does(person, *verb[:-1], _pronoun(other))


def _is(person: int, name: str) -> dict[str, Parts]:
    ko, es, fr = PROFESSIONS[name]
    form = 2 if person >= WE else int(person == SHE)
    subject = _subject(person)
    one = [(name + "s", "N")] if form == 2 else [("a", "D"), (name, "N")]
    return {
        "en": subject["en"] + [(TO_BE["en"].split()[person], "A")] + one,
        "ko": subject["ko"] + [(ko + _particle(ko, "이야", "야"), "AN")],
        "es": [(TO_BE["es"].split()[person], "SA"), (es.split()[form], "N")],
        "fr": subject["fr"] + [(TO_BE["fr"].split()[person], "A"), (fr.split()[form], "N")],
    }


def _is_doing(person: int, ing: str, ko: str, es: str, fr: str, thing: Callable) -> dict[str, Parts]:
    subject, noun = _subject(person), thing("을를")
    be, doing = TO_BE["en"].split()[person], [(word, "V") for word in ing.split()]
    return {
        "en": subject["en"] + [(be, "A")] + doing + noun["en"],
        "ko": subject["ko"] + noun["ko"] + [(ko, "V"), ("있어", "A")],
        "es": [(TO_BE["es progressive"].split()[person], "SA"), (es, "V")] + noun["es"],
        "fr": _elide(subject["fr"] + [(fr.split()[VERB_FORM[person]], "AV")] + noun["fr"]),
    }


def _does(person: int, en: str, ko: str, particle: str, es: str, fr: str, thing: Callable) -> dict[str, Parts]:
    subject, noun = _subject(person), thing(particle)
    plain, third = en.split(", ")
    words = (third if VERB_FORM[person] == 2 else plain).split()
    es_verb = [(es.split()[VERB_FORM[person]], "SV")]
    fr_verb = [(fr.split()[VERB_FORM[person]], "V")]
    pronoun = noun["es"][0][1] == "O"
    return {
        "en": subject["en"] + [(word, "V") for word in words] + noun["en"],
        "ko": subject["ko"] + noun["ko"] + [(ko, "V")],
        "es": noun["es"] + es_verb if pronoun else es_verb + noun["es"],
        "fr": _elide(subject["fr"] + (noun["fr"] + fr_verb if pronoun else fr_verb + noun["fr"])),
    }


def _subject(person: int) -> dict[str, Parts]:
    return {language: [(words.split()[person], "S")] for language, words in SUBJECTS.items()}


def _pronoun(person: int) -> Callable[[str], dict[str, Parts]]:
    return lambda particle: {language: [(words.split()[person], "O")] for language, words in OBJECTS.items()}


def _noun_phrases(names: str) -> Iterator[Callable[[str], dict[str, Parts]]]:
    """For each noun all its phrases: the determiners times the adjectives; as functions of the Korean particle."""
    for name in names.split():
        if name != "persons":
            some = NOUNS[name][3] == "some"
            for adjective in [None] if some else [None, *NOUNS[name][3].split()]:
                for determiner in ("" if some else "a", "the"):
                    yield lambda particle, chosen=(name, adjective, determiner): _noun_phrase(*chosen, particle)


def _noun_phrase(name: str, adjective: str | None, determiner: str, particle: str) -> dict[str, Parts]:
    ko, es, fr, _ = NOUNS[name]
    es_the, es_noun = es.split()
    fr_the, fr_noun = fr.split()
    feminine = {"es": es_the == "la", "fr": fr_the == "la"}
    words = [(adjective, "J")] if adjective else []
    nouns = {
        "en": [*words, (name, "N")],
        "ko": [(ADJECTIVES[word][0], "J") for word, _ in words] + [(ko + _particle(ko, *particle), "N")],
        "es": [(es_noun, "N")] + [(ADJECTIVES[word][1].split()[feminine["es"]], "J") for word, _ in words],
        "fr": [(fr_noun, "N")],
    }
    for word, _ in words:
        nouns["fr"].insert(word not in BEFORE_THE_NOUN, (ADJECTIVES[word][2].split()[feminine["fr"]], "J"))
    an = "an" if nouns["en"][0][0][0] in "aeiou" else "a"
    partitive = [("de", ""), ("la", "")] if feminine["fr"] else [("du", "")]
    articles = {
        "": {"en": [], "es": [], "fr": partitive},
        "a": {
            "en": [(an, "D")],
            "es": [("una" if feminine["es"] else "un", "D")],
            "fr": [("une" if feminine["fr"] else "un", "D")],
        },
        "the": {"en": [("the", "D")], "es": [(es_the, "D")], "fr": [(fr_the, "D")]},
    }[determiner]
    return {language: articles.get(language, []) + parts for language, parts in nouns.items()}


def _particle(word: str, after_consonant: str, after_vowel: str) -> str:
    """A Hangul syllable is numbered 28 a pair of consonant and vowel; the first of the 28 has no final consonant."""
    return after_consonant if (ord(word[-1]) - ord("가")) % 28 else after_vowel


def _elide(parts: Parts) -> Parts:
    """French: je, me, te, le, la lose their vowel before one; the apostrophe stays with the first word."""
    words = [word for word, _ in parts]
    dropped = [
        word in ("je", "me", "te", "le", "la") and following[0] in "aeiouéè"
        for word, following in zip(words, [*words[1:], "-"], strict=True)
    ]
    return [(word[:-1] + "'" if drop else word, part) for drop, (word, part) in zip(dropped, parts, strict=True)]
