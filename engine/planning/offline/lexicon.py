"""What words mean, in both languages: verbs to skills, nouns to things, and the words that carry nothing."""

from __future__ import annotations

import re
from enum import StrEnum


class Verb(StrEnum):
    """What a clause's first verb asks for."""

    FIND = "find"
    READ = "read"
    ARRANGE = "arrange"
    """Makes a meeting when a meeting is its object."""
    INVITE = "invite"
    """As ``arrange``, and a person is its object."""
    WRITE = "write"
    """Makes what its object says: an agenda, a summary."""
    MEET = "meet"
    FOREIGN = "foreign"
    """Known, and not done here."""


class Noun(StrEnum):
    """Objects that decide what a clause is."""

    MEETING = "meeting"
    AGENDA = "agenda"
    SUMMARY = "summary"
    CONTACT = "contact"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HE_FIND = (
    "חפש חפשי תחפש תחפשי חפשו לחפש מצא מצאי תמצא תמצאי למצוא אתר תאתר לאתר שלוף תשלוף לשלוף הבא תביא תביאי להביא אחזר"
)
_HE_READ = (
    "קרא קראי תקרא תקראי תקראו לקרוא הבן תבין תביני להבין סכם סכמי תסכם תסכמי תסכמו לסכם נתח תנתח"
    " תנתחי לנתח עבור תעבור תעברי לעבור"
    " למד תלמד תלמדי ללמוד סקור תסקור תסקרי לסקור בדוק תבדוק תבדקי לבדוק הסבר תסביר תסבירי להסביר"
)
_HE_ARRANGE = (
    "קבע קבעי תקבע תקבעי תקבעו לקבוע תזמן תזמני לתזמן זמן זמני תארגן תארגני ארגן לארגן תאם תאמי"
    " תתאם תתאמי לתאם תכניס תכניסי להכניס"
    " שבץ תשבץ תשבצי לשבץ נקבע תקיים לקיים"
)
_HE_WRITE = (
    "כתוב כתבי תכתוב תכתבי לכתוב הכן הכיני תכין תכיני להכין נסח נסחי תנסח תנסחי לנסח צור תיצור"
    " ליצור בנה תבנה תבני לבנות תן תני תיתן"
    " תעשה תעשי לעשות ערוך תערוך תערכי לערוך"
)
_HE_FOREIGN = (
    "מחק תמחק תמחקי למחוק בטל תבטל תבטלי לבטל הזז תזיז תזיזי להזיז דחה תדחה תדחי לדחות שלח שלחי"
    " תשלח תשלחי לשלוח שלם תשלם תשלמי לשלם קנה תקנה תקני"
    " לקנות תתקשר תתקשרי להתקשר תתרגם תרגם תרגמי תתרגמי לתרגם שתף תשתף תשתפי לשתף תעלה תעלי להעלות"
    " הדפס תדפיס תדפיסי להדפיס העבר"
    " תעביר תעבירי להעביר ענה תענה תעני לענות פרסם תפרסם תפרסמי לפרסם הזכר תזכיר תזכירי להזכיר"
    " תקדים תקדימי להקדים תעדכן"
    " תעדכני לעדכן הוסף תוסיף תוסיפי להוסיף שנה תשנה תשני לשנות תמכור למכור תפעיל תכבה תדליק להסיר"
    " הסר תסיר תודיע להודיע תנקה"
)
_VERBS: dict[Verb, frozenset[str]] = {
    Verb.FIND: _words(
        "find search locate fetch retrieve look show bring pull get open " + _HE_FIND + " הראה תראה תראי הצג תציג"
    ),
    Verb.READ: _words(
        "read understand analyse analyze study learn summarise summarize recap review explain go check skim digest "
        + _HE_READ
    ),
    Verb.ARRANGE: _words("set schedule arrange book organise organize plan fix put hold " + _HE_ARRANGE),
    Verb.INVITE: _words("invite הזמן הזמיני תזמין תזמיני להזמין זימון"),
    Verb.WRITE: _words("write draft prepare create make compose build produce give " + _HE_WRITE),
    Verb.MEET: _words("meet להיפגש ניפגש לפגוש תפגיש"),
    Verb.FOREIGN: _words(
        "delete remove erase cancel move reschedule postpone send email mail pay buy purchase order"
        " call phone text translate"
        " share upload print transfer forward reply publish post remind update rename copy archive"
        " sign fly rent reserve approve"
        " reject stop deploy install run edit change add sell clean drop destroy wipe notify tell"
        " ask download save turn play " + _HE_FOREIGN
    ),
}
_VERB_OF = {word: verb for verb, words in _VERBS.items() for word in words}

NOUN_LIKE = _words(
    "plan call draft review book order text post sign run move copy update share study check print"
    " fix mail email phone set"
    " show look pull stop change order meet fly rent get go open put hold build make drop play save"
    " turn learn ask tell"
    " עבור זמן הבא שנה סקור תאם העבר"
)
"""Verbs that are nouns, names or adverbs as well: they open a clause only in front of an object."""

_NOUNS: dict[Noun, frozenset[str]] = {
    Noun.MEETING: _words(
        "meeting meetings call sync appointment chat session standup one-on-one catch-up catchup conversation"
        " פגישה פגישות פגישת ישיבה ישיבת ישיבות שיחה שיחת שיחות פגישונת"
    ),
    Noun.AGENDA: _words("agenda agendas אג'נדה אג׳נדה סדר-יום"),
    Noun.SUMMARY: _words("summary recap overview digest brief report סיכום תקציר סקירה סטטוס status דוח"),
    Noun.CONTACT: _words("phone number email address contact mobile טלפון מייל אימייל כתובת נייד"),
}
_NOUN_OF = {word: noun for noun, words in _NOUNS.items() for word in words}

FILLERS = _words(
    "please can could would will shall you i i'd i'll we we'd want need like to let lets let's us"
    " also then now first finally kindly hi hey"
    " hello help me and just next afterwards later so ok okay able would you'd"
    " בבקשה אפשר תוכל תוכלי אני אנחנו רוצה צריך צריכה צריכים רוצים נא היי שלום גם אז קודם ואז לי"
    " לנו תעזור תעזרי הייתי בוא בואי"
    " אשמח אנא אחר כך ואחר לאחר מכן ולאחר בסוף לבסוף עכשיו וגם תודה thanks thank"
)
"""May stand before a clause's verb."""

STOPS = FILLERS | _words(
    "a an the this that these those my our your his her their its it of for in on at by from with"
    " about into up over through and or"
    " what's i'm it's there's as is are was were be been do did does have has had what which who"
    " when where how all any some every everything there here"
    " regarding concerning me everything together out long"
    " את של על עם אל או כי מה מי זה זו זאת הוא היא הם הן יש אין כל כדי אצל בין לגבי בנושא בעניין"
    " לבין גם רק כמו אותו אותה אותם"
    " אותן שלי שלנו שלך בו בה בהם איזה אילו אלו לפי תחילת סוף כולל"
)
"""Carry nothing a search could use."""

DOING = _words(
    "did do done doing made decided decide discussed said say talked happened agreed wrote latest"
    " been file files document documents"
    " doc docs folder presentation-file"
    " עשינו עשיתם עשו עשיתי עשה החלטנו הוחלט סיכמנו סוכם דיברנו אמרנו קרה היה היו כתבנו נכתב קובץ"
    " קבצים הקובץ הקבצים מסמך מסמכים"
    " המסמך המסמכים מסמכי"
)
"""What was done, and the word for a file: true of every document, so no search term."""

NEGATIONS = _words(
    "not don't dont don’t never without no cannot can't nothing nobody noone off aside back away אל לא בלי ללא אין"
)
"""Refusals, and particles that turn a verb round: put off, set aside."""
CONDITIONS = _words(
    "if unless when while whenever once after before in-case אם אלא כאשר כש אחרי לפני במקרה or או"
    " instead except במקום חוץ"
)
"""In a clause that writes: more than this planner can promise."""
RECURRING = _words(
    "every each weekly daily monthly biweekly fortnightly quarterly recurring repeating regular כל"
    " שבועי שבועית יומי יומית חודשי חודשית קבוע קבועה"
)
"""A series: more than one meeting, which nobody here can set up."""
QUESTIONS = _words("did do does is are was were should how why when has have had may האם למה מדוע מתי איך כמה")
"""Ask about an act instead of asking for it."""
PRONOUNS = _words("him her them איתו איתה אתו אתה איתם אתם עמו עמה אליו אליה")
REFERENCES = _words("it them this that those אותו אותה אותם אותן זה")
GROUPS = _words(
    "team everyone everybody all board client clients customer customers management staff group"
    " department company myself yourself me someone somebody"
    " anyone people board's צוות הצוות כולם הנהלה ההנהלה לקוח הלקוח לקוחות הלקוחות מחלקה המחלקה"
    " מחלקת מישהו מישהי אנשים חברה החברה כל"
)
"""Not a person in an address book."""
GIVEN_NAMES = _words(
    "dana yoav noa maya ron roni michal dan tamar avi moshe david yael rachel sarah tom anna daniel"
    " noam itai omer gal lior shira"
    " דנה יואב נועה מאיה רון רוני מיכל תמר אבי משה דוד יעל רחל שרה תום אנה דניאל נועם איתי עומר גל"
    " ליאור שירה ענת אורי יוסי"
)
"""Common first names: a hint where the grammar leaves it open."""
NAMES_WITH_VAV = _words("ורד ורדית ויקטור וולף ולדימיר ויויאן ונסה ויקי ולרי ויטלי")
TRANSLATIONS: dict[str, str] = {
    "strategy": "אסטרטגיה", "budget": "תקציב", "marketing": "שיווק", "sales": "מכירות", "product": "מוצר",
    "hiring": "גיוס", "customers": "לקוחות", "contract": "חוזה", "pricing": "תמחור",
    "roadmap": "מפת דרכים", "status": "סטטוס",
    "presentation": "מצגת",
    "project": "פרויקט", "report": "דוח",
}  # fmt: skip
"""Office words in the other language: one folder holds both."""
BACK_TRANSLATIONS = {hebrew: english for english, hebrew in TRANSLATIONS.items()}

_KEEP_PREFIX = re.compile(
    "^(?:בנק|ביטוח|בקש|בדיק|ביקור|בעי|ברית|בניי|בינלאומ|בקר|ביצוע|בחיר|בטיח|לקוח|לוח|לימוד|ליווי"
    "|לוגיסט|לשכ|הנהל|הסכ|הצע|החלט|הכנס|הוצא|הדרכ|השקע|השק|התקדמ|התקשר|הפק|הזמנ|הטמע|המלצ|הערכ|הבנ"
    "|היסטור|הנח|הרצא|האצ)"
)


def verb_of(word: str) -> Verb | None:
    """The skill a verb asks for, or None for any other word."""
    return _VERB_OF.get(word)


def noun_of(word: str) -> Noun | None:
    """The thing a noun names, glued ה, ב, ל, מ or ו allowed."""
    found = _NOUN_OF.get(word)
    stem = word
    while not found and len(stem) > 3 and stem[0] in "והבלמש":
        stem = stem[1:]
        found = _NOUN_OF.get(stem)
    return found


def stem(word: str) -> str:
    """A word without its glued prefix where that is safe: בתבואות becomes תבואות, בנק stays."""
    plain = word
    for prefix in "בלה":
        if plain.startswith(prefix) and len(plain) > 4 and not _KEEP_PREFIX.match(plain):
            plain = plain[1:]
    return plain
