"""What happened in each week of the sample company, in turn Hebrew and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One weekly status."""

    done: str
    also: str
    decision: str
    goal: str
    risk: str
    following: str


def _week(done: str, also: str, decision: str, goal: str, risk: str, following: str) -> Week:
    return Week(done=done, also=also, decision=decision, goal=goal, risk=risk, following=following)


HEBREW_WEEKS = (
    _week("סיימנו את קציר הניסוי בעמק יזרעאל: 14 טון חומוס.", "יואב לוי חתם על מזכר הבנות עם קיבוץ מזרע.",
          "ממשיכים עם שלושה מגדלים בלבד עד סוף העונה.", "20 טון חומוס במחסן עד סוף החודש.",
          "גשם מוקדם עלול לעכב את הקציר האחרון.", "נועה שגיא מזמינה שתי משאיות נוספות."),
    _week("הושק דף המוצר החדש של קמח החומוס באתר.", "דנה מזרחי סגרה את מחירון הסיטונאים.",
          'המחיר לצרכן יעמוד על 19.90 ש"ח לקילו.', "300 הזמנות באתר בשבועיים הראשונים.",
          "המתחרים מורידים מחירים לפני החג.", "מיכל אברהם מכינה קמפיין לרשתות."),
    _week("פגישה ראשונה עם רשת שוק העיר על 40 סניפים.", "רון פרץ סיים את בדיקות המעבדה לגלוטן.",
          "נכנסים לרשת רק עם מוצר אחד, קמח החומוס.", "חוזה חתום עם רשת אחת עד סוף השנה.",
          "הרשת דורשת תנאי תשלום של שוטף פלוס 90.", "יואב כהן מכין מודל תזרים לתנאי התשלום."),
    _week("סקר בקרב 120 לקוחות: 71 אחוז היו קונים שוב.", "יואב לוי הציג להנהלה את טיוטת האסטרטגיה.",
          "מתמקדים במאפיות ובבתי קפה לפני רשתות השיווק.", "25 מאפיות משלמות עד סוף הרבעון.",
          "תלות במפעל אריזה אחד בחדרה.", "דנה מזרחי מאתרת מפעל אריזה שני."),
    _week("25 מאפיות הזמינו בפעם השנייה.", "אישרנו את תקציב הרבעון הבא בהנהלה.",
          "האסטרטגיה לשנה הבאה: מאפיות תחילה, יצוא לקפריסין אחר כך.", 'הכנסה חודשית של 180 אלף ש"ח.',
          "מחיר החומוס הגולמי עלה ב־8 אחוז.", "יואב לוי נפגש עם המגדלים על חוזה שנתי."),
    _week("סיכום שנה עם כל הצוות: עמדנו בשלושה מתוך ארבעה יעדים.", "נועה שגיא העבירה את המחסן לקיסריה.",
          "מגייסים מנהל תפעול לפני שמגייסים אנשי מכירות.", "מנהל תפעול חתום תוך שישה שבועות.",
          "עומס על רון פרץ במעבדה.", "קובעים פגישת אסטרטגיה עם יואב לוי."),
    _week("המשלוח הראשון לקפריסין יצא מנמל חיפה.", "התקבלה תעודת ה־ISO למפעל האריזה.",
          "פותחים קו ייצור שני ביום חמישי בלבד.", "הפחתת הפחת מ־6 ל־4 אחוזים.",
          "עיכוב במכס בלימסול.", "מיכל אברהם מתאמת צילומי מוצר."),
    _week("נפתחו 12 נקודות איסוף במרכז.", "יואב כהן סגר את ספרי הרבעון.",
          "לא נכנסים השנה לשוק החלב הצמחי.", "זמן אספקה של יומיים בכל הארץ.",
          "עלות ההובלה עלתה ב־11 אחוז.", "דנה מזרחי מציגה הצעת מחיר של שני מובילים."),
)  # fmt: skip

ENGLISH_WEEKS = (
    _week("Signed the first bakery in Haifa and delivered 600 kg of chickpea flour.", "Ron Peretz finished the shelf-life test.",
          "We sell flour first and postpone the snack line.", "Ten bakeries on monthly contracts.",
          "One packaging plant handles all of our volume.", "Noa Sagi asks two other plants for offers."),
    _week("Opened the Cyprus export file with the ministry.", "Michal Avraham shot the product video.",
          "Cyprus is the only export market this year.", "Export licence within eight weeks.",
          "Customs papers exist in Greek only.", "Yoav Cohen finds a customs agent in Limassol."),
    _week("The web shop took 412 orders, the best week so far.", "Dana Mizrahi renewed the insurance.",
          "Free delivery starts at 150 shekels.", "A repeat rate of 35 percent.",
          "Returns rose to 3 percent because of torn bags.", "Ron Peretz tests a thicker bag."),
    _week("Yoav Levi walked the board through the bakery strategy.", "Harvest contracts went to six growers.",
          "The board backs bakeries first and freezes the retail pilot at 40 stores.", "40 bakeries by the end of March.",
          "Two growers also talk to a competitor.", "Yoav Levi visits both growers with a two-year offer."),
    _week("Closed the December promotion with 1,900 bags sold.", "Yoav Levi and Dana agreed on the wholesale ladder.",
          "The strategy stays on margin, not on volume: no discount above 12 percent.", "Gross margin of 38 percent.",
          "Raw chickpea prices keep climbing.", "Yoav Levi locks half of the yearly volume at today's price."),
    _week("Year review: three of four company goals met.", "Noa Sagi moved the warehouse to Caesarea.",
          "Operations manager before more sales people.", "A signed operations manager in six weeks.",
          "Ron Peretz carries the laboratory alone.", "Maya Bar opens the position on Sunday."),
    _week("The second packaging line ran its first shift.", "A hotel chain asked for a sample pallet.",
          "Hotels are served through a distributor only.", "Waste below 4 percent.",
          "The new line needs a part that takes five weeks.", "Noa Sagi orders the part with express freight."),
    _week("Shipped the third pallet to Limassol.", "The team finished the food safety course.",
          "We renew with the same customs agent.", "Two days of delivery time everywhere.",
          "Freight costs rose by 11 percent.", "Dana Mizrahi compares two carriers."),
)  # fmt: skip
