"""The sample company's other papers: strategy, budget, product, marketing, customers, people.

Each row: path without its date, month of the last autumn (0: so many days before today), day, text.
"""

from __future__ import annotations

PAPERS: tuple[tuple[str, int, int, str], ...] = (
    ("strategy/אסטרטגיה-תבואות.md", 12, 3, """
# אסטרטגיית תבואות לשנת {next}
{he}. כתב: יואב לוי. השתתפו: מאיה בר, דנה מזרחי.

## הכיוון
בדצמבר בחרנו להתמקד במאפיות ובבתי קפה, ורק אחריהם ברשתות השיווק.
החלטה: יואב לוי מוביל את אסטרטגיית המאפיות ומדווח להנהלה פעם בשבועיים.
יעד: 40 מאפיות משלמות עד סוף מרץ {next}.
יעד: רווח גולמי של 38 אחוז.
סיכון: תלות במפעל אריזה אחד ובשישה מגדלים.
הצעד הבא: פגישה עם יואב לוי לסגירת החוזה השנתי עם המגדלים.
"""),
    ("strategy/Tevuot-strategy.docx", 12, 10, """
# Tevuot strategy {next}: bakeries first
{date}. Owner: Yoav Levi. Reviewed with Maya Bar.
Tevuot wins where taste and steady supply matter more than price, so bakeries come before supermarkets.
Decision: Yoav Levi leads the bakery strategy; retail stays at 40 stores until the margin is right.
Goal: 40 paying bakeries and 38 percent gross margin by the end of March {next}.
Risk: raw chickpea prices rose by 8 percent and may eat a third of the margin.
Next: Yoav Levi signs two-year contracts with the growers; Maya Bar and Yoav meet to agree on the terms.
"""),
    ("strategy/סיכום-דצמבר.md", 12, 28, """
# תבואות: מה עשינו בדצמבר {year}
{he}

- מכרנו 1,900 שקיות במבצע החורף, 27 אחוז יותר מנובמבר.
- 25 מאפיות הזמינו בפעם השנייה.
- יואב לוי הציג לדירקטוריון את אסטרטגיית המאפיות, והיא אושרה פה אחד.

החלטה: לא נותנים הנחה של יותר מ־12 אחוז לאף לקוח.
יעד: הכנסה של 180 אלף ש"ח בחודש עד פברואר.
סיכון: שני מגדלים מדברים גם עם מתחרה.
הצעד הבא: יואב לוי מבקר אצל המגדלים עם הצעה לשנתיים.
"""),
    ("strategy/board-review-december.pdf", 12, 17, """
Tevuot board review, 17 December {year}
Present: Maya Bar, Yoav Levi, Yoav Cohen, two directors.
Yoav Levi presented the bakery strategy for {next}.
Decision: the board approves bakeries first and freezes the retail pilot.
Goal: cash for nine months at the end of every quarter.
Risk: one packaging plant handles the whole volume.
Next: Yoav Cohen brings a cash plan; Yoav Levi brings grower contracts in January.
"""),
    ("strategy/competitors.md", 11, 12, """
# Competitors of Tevuot
{date}
- Golden Grain sells 15 percent cheaper and delivers once a week.
- Pure Legume is in 200 stores and has no bakery product.
Decision: we compete on freshness and two-day delivery, not on price.
Risk: Golden Grain announced a chickpea flour for spring.
Next: Yoav Levi collects price lists from five bakeries.
"""),
    ("budget/תקציב-רבעון.docx", 12, 14, """
# תקציב תבואות לרבעון הראשון {next}
{he}. הכין: יואב כהן.
| סעיף | אלף ש"ח |
| שכר | 410 |
| חומר גלם | 290 |
| שיווק | 85 |
| אריזה והובלה | 120 |
החלטה: תקציב השיווק נשאר 85 אלף ש"ח עד שיש 30 מאפיות.
סיכון: עליית מחיר החומוס תוסיף 23 אלף ש"ח.
הצעד הבא: יואב כהן מציג תזרים מעודכן.
"""),
    ("budget/budget-forecast.md", 11, 20, """
# Budget forecast {next}
{date}, Yoav Cohen
Revenue 2.3 million shekels, cost 2.1 million shekels.
Goal: break even in August.
Risk: payment terms of 90 days would need 240,000 shekels of credit.
Next: Yoav Cohen talks to the bank about a credit line.
"""),
    ("budget/expenses-october.txt", 10, 30, """
Tevuot expenses, October {year}
Packaging 41,200
Freight 18,900
Laboratory 7,400
Marketing 26,000
Decision: laboratory work is ordered monthly, not per test.
"""),
    ("budget/budget-now.docx", 0, 9, """
# Tevuot budget check
{date}, Yoav Cohen
Spent 71 percent of the quarter's budget with four weeks to go.
Decision: the trade fair booth is paid from marketing.
Risk: freight is 14,000 shekels over plan.
Next: Dana Mizrahi signs with the cheaper carrier.
"""),
    ("product/מפת-דרכים-מוצר.md", 10, 14, """
# מפת הדרכים של המוצר
{he}. כתב: רון פרץ.
- קמח חומוס דק, קמח עדשים, תערובת לפלאפל.
החלטה: תערובת הפלאפל יוצאת אחרי קמח העדשים.
יעד: קמח עדשים במדף בפברואר.
סיכון: טעם מריר בקמח העדשים.
הצעד הבא: סבב טעימות עם שלוש מאפיות.
"""),
    ("product/lentil-flour-tests.md", 11, 5, """
# Lentil flour: laboratory notes
{date}, Ron Peretz
Batch 7 keeps 13 months; batch 8 is less bitter after a longer roast.
Decision: batch 8 goes to the bakeries.
Next: Ron Peretz sends 20 kg to three bakeries.
"""),
    ("product/product-meeting.md", 12, 8, """
# Product meeting
{date}. Present: Ron Peretz, Noa Sagi, Yoav Levi.
The 5 kg bag tears at the seam; bakeries want 10 kg anyway.
Decision: one 10 kg bag for bakeries, 1 kg for shops.
Goal: returns below 1 percent.
Next: Noa Sagi orders 4,000 new bags.
"""),
    ("product/quality-manual.pdf", 11, 26, """
Tevuot quality manual, edition of {date}
Every batch is tested for gluten, moisture and taste before it leaves.
Decision: no batch leaves without two signatures.
Risk: the moisture meter is due for calibration.
Next: Ron Peretz books the calibration.
"""),
    ("product/product-review.md", 0, 12, """
# Product review
{date}. Present: Ron Peretz, Dana Mizrahi, Maya Bar.
The falafel mix won the blind tasting with 8 of 11 votes.
Decision: the falafel mix launches at the trade fair.
Goal: 500 bags in the first month.
Next: Ron Peretz freezes the recipe.
"""),
    ("marketing/קמפיין-חורף.md", 12, 1, """
# קמפיין חורף של תבואות
{he}. מיכל אברהם.
המסר: מרק חם מקמח חומוס, שלוש דקות.
החלטה: שליש מהתקציב לאינסטגרם, השאר לטעימות בחנויות.
יעד: 1,500 שקיות במבצע.
סיכון: מלאי השקיות הקטנות נגמר באמצע החודש.
הצעד הבא: מיכל אברהם סוגרת עשרה ימי טעימות.
"""),
    ("marketing/brand-voice.md", 10, 21, """
# Brand voice
{date}, Michal Avraham
Plain words, field to oven, no health promises.
Decision: both languages on every bag, Hebrew first.
"""),
    ("marketing/winter-results.docx", 12, 29, """
# Winter campaign results, December {year}
{date}, Michal Avraham
Tevuot sold 1,900 bags against a goal of 1,500; tastings brought six in ten of them.
Decision: tastings get half of the spring budget.
Risk: tastings depend on two freelancers.
Next: Michal Avraham books spring tastings; Yoav Levi names ten bakeries to join.
"""),
    ("marketing/trade-fair.md", 0, 5, """
# Trade fair plan
{date}, Michal Avraham
Booth 42, three days, falafel mix tasting every hour.
Decision: Yoav Levi and Maya Bar staff the first day.
Goal: 60 qualified leads.
Risk: the printed boxes arrive one day before.
Next: Michal Avraham confirms the printer.
"""),
    ("customers/מאפיית-הכרמל.md", 11, 9, """
# פגישת לקוח: מאפיית הכרמל
{he}. יואב לוי ומיכל אברהם.
הלקוח רוצה אספקה פעמיים בשבוע ושק של 10 קילו.
החלטה: נותנים למאפיית הכרמל מחיר השקה לשלושה חודשים.
הצעד הבא: יואב לוי שולח חוזה.
"""),
    ("customers/city-market-chain.md", 11, 18, """
# Meeting with the City Market chain
{date}. Yoav Cohen, Dana Mizrahi.
They offer 40 stores and ask for 90 days of payment.
Decision: no more than 40 stores before the margin review.
Risk: delisting after six weeks of weak sales.
Next: Yoav Cohen calculates the credit we need.
"""),
    ("customers/מאפיית-הכרמל-מעקב.md", 12, 15, """
# מעקב: מאפיית הכרמל
{he}. יואב לוי.
ההזמנה גדלה ל־900 קילו בחודש, והלקוח מרוצה מהטריות.
החלטה: מאפיית הכרמל היא לקוח הדגל של אסטרטגיית המאפיות.
הצעד הבא: יואב לוי מבקש המלצה כתובה.
"""),
    ("customers/hotel-chain.txt", 12, 22, """
Call with the Galilee hotels, {date}
They want a sample pallet in January and one invoice a month.
Decision: hotels are served through a distributor only.
Next: Dana Mizrahi sends the distributor's contact.
"""),
    ("customers/מאפיית-לחם-הארץ.md", 0, 16, """
# פגישת לקוח: לחם הארץ
{he}. יואב לוי.
הלקוח בודק מעבר לקמח עדשים בשתי מאפיות.
החלטה: שולחים דגימות בלי תשלום לשבועיים.
הצעד הבא: יואב לוי חוזר אליהם ביום רביעי.
"""),
    ("people/גיוס-מנהל-תפעול.md", 12, 24, """
# גיוס: מנהל או מנהלת תפעול
{he}. דנה מזרחי.
שבעה מועמדים, שלושה לראיון שני.
החלטה: ראיון שני עם נועה שגיא ועם יואב לוי.
יעד: חתימה עד סוף ינואר.
הצעד הבא: דנה מזרחי קובעת ראיונות.
"""),
    ("people/working-hours.md", 10, 7, """
# Working hours and holidays
{date}, Dana Mizrahi
Sunday to Thursday, 9 to 18; Friday by agreement.
Decision: two days a week from home for everybody.
"""),
    ("people/team-day.txt", 11, 27, """
Team day in the Jezreel valley, {date}
Bus at 8:30 from Caesarea, tasting at noon, back by 17:00.
Next: Noa Sagi books the bus.
"""),
    ("people/הערכות-עובדים.txt", 0, 20, """
הערכות עובדים: לוח זמנים
{he}. דנה מזרחי.
שיחה של שעה עם כל אחד, טופס יום לפני.
הצעד הבא: כל אחד כותב שלושה דברים שהצליחו.
"""),
)  # fmt: skip
