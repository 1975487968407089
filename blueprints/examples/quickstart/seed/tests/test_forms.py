import unittest

from pennies.forms import format_amount, parse_amount, parse_day


class AmountTest(unittest.TestCase):
    def test_amounts_become_cents(self):
        for text, cents in (("12.50", 1250), ("12,5", 1250), ("12", 1200), ("-3.05", -305), (" 0.01 ", 1)):
            with self.subTest(text):
                self.assertEqual(parse_amount(text), cents)

    def test_cents_become_amounts(self):
        for cents, text in ((1250, "12.50"), (-305, "-3.05"), (-5, "-0.05"), (0, "0.00")):
            with self.subTest(cents):
                self.assertEqual(format_amount(cents), text)

    def test_nonsense_is_refused(self):
        for text in ("", "twelve", "1.234", "1e3", "--1", "12."):
            with self.subTest(text), self.assertRaisesRegex(ValueError, "is not an amount"):
                parse_amount(text)


class DayTest(unittest.TestCase):
    def test_a_day_stays_as_it_is(self):
        self.assertEqual(parse_day("2024-02-29"), "2024-02-29")

    def test_nonsense_is_refused(self):
        for text in ("", "today", "2024-02-30", "20240229", "2024-W09-4"):
            with self.subTest(text), self.assertRaisesRegex(ValueError, "is not a day"):
                parse_day(text)
