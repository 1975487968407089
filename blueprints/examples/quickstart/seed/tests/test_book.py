import sqlite3
import unittest

from pennies.book import Book, Expense

LUNCH = Expense("2024-05-02", 1250, "food", "lunch")
TRAIN = Expense("2024-05-01", 4900, "travel")


class BookTest(unittest.TestCase):
    def test_expenses_come_back_by_day(self):
        with Book(":memory:") as book:
            book.add(LUNCH, TRAIN)
            self.assertEqual(list(book), [TRAIN, LUNCH])

    def test_a_refused_expense_keeps_the_others_out(self):
        with Book(":memory:") as book:
            with self.assertRaises(sqlite3.IntegrityError):
                book.add(LUNCH, Expense("2024-05-03", 100, None))
            self.assertEqual(list(book), [])
