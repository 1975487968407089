"""Moving the book: export, load, and both together."""

from acceptance.program import ProgramTest
from pennies.book import Book, Expense


class Exporting(ProgramTest):
    def test_a_line_for_each_expense_under_a_header(self):
        self.pennies("add", "12.50", "food", "--day", "2024-05-02", "--note", "soup, bread")
        self.assertEqual(
            self.pennies("export").splitlines(),
            ["day,amount,category,note", '2024-05-02,12.50,food,"soup, bread"'],
        )

    def test_a_spreadsheet_runs_no_formula_from_a_note(self):
        self.pennies("add", "1", "food", "--note", "=HYPERLINK(1)")
        self.assertNotIn(",=", self.pennies("export"))


class Loading(ProgramTest):
    def load(self, text: str, status: int = 0) -> str:
        file = self.folder / "bank.csv"
        file.write_text(text, encoding="utf-8")
        return self.pennies("load", str(file), status=status)

    def test_expenses_are_read_from_a_file(self):
        self.assertIn("2", self.load("day,amount,category,note\n2024-05-01,3.20,food,\n2024-05-02,-1,food,back\n"))
        self.assertIn("2.20", self.pennies("list").splitlines()[-1])

    def test_a_wrong_line_is_named_and_nothing_is_loaded(self):
        message = self.load("day,amount,category,note\n2024-05-01,3.20,food,\n2024-05-02,lots,food,\n", status=2)
        self.assertIn("line 3", message)
        self.assertIn("0.00", self.pennies("list").splitlines()[-1])


class RoundTrip(ProgramTest):
    NOTES = ("lunch", "", 'soup, "bread"', "two\nlines", "=1+1", "-10 % at the baker's", "@home", "'quoted'", "'=1")

    def test_loading_an_export_gives_the_same_book(self):
        with Book(self.folder / "mine.db") as book:
            book.add(*(Expense(f"2024-05-{day:02}", 350, "food", note) for day, note in enumerate(self.NOTES, 1)))
        export = self.folder / "export.csv"
        export.write_text(self.pennies("export"), encoding="utf-8")
        self.pennies("load", str(export), book="copy")
        self.assertEqual(self.pennies("list", book="copy"), self.pennies("list", book="mine"))
