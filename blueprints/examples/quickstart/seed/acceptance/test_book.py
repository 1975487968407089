"""Keeping the book: add and list."""

from acceptance.program import ProgramTest


class Adding(ProgramTest):
    def test_an_expense_is_added(self):
        self.assertEqual(self.pennies("add", "12.50", "food", "--day", "2024-05-02"), "Added 12.50 for food.\n")

    def test_nonsense_is_refused_with_a_sentence(self):
        for arguments in (("twelve", "food"), ("1.234", "food"), ("5", "food", "--day", "2024-02-30")):
            with self.subTest(arguments):
                message = self.pennies("add", *arguments, status=2)
                self.assertTrue(message.startswith("pennies: "), message)
                self.assertEqual(message.count("\n"), 1, message)


class Listing(ProgramTest):
    def test_an_empty_book_has_a_total_of_nothing(self):
        self.assertIn("0.00", self.pennies("list").splitlines()[-1])

    def test_what_was_added_is_listed_with_its_total(self):
        self.pennies("add", "12.50", "food", "--day", "2024-05-02", "--note", "lunch")
        self.pennies("add", "49,00", "travel", "--day", "2024-05-01")
        self.pennies("add", "-2.50", "food", "--day", "2024-06-01", "--note", "refund")
        lines = self.pennies("list").splitlines()
        self.assertEqual([line.split()[0] for line in lines[:3]], ["2024-05-01", "2024-05-02", "2024-06-01"])
        self.assertIn("lunch", lines[1])
        self.assertIn("59.00", lines[-1])

    def test_a_month_is_listed_alone(self):
        self.pennies("add", "1", "food", "--day", "2024-05-31")
        self.pennies("add", "2", "food", "--day", "2024-06-01")
        self.assertIn("2.00", self.pennies("list", "--month", "2024-06").splitlines()[-1])
