import pytest

from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.simulator.accounts import Account, Accounts, AccountType, is_number


def test_an_account_is_written_with_colons():
    account = Account.parse("news:s3cret:querying:+358")
    assert (account.name, account.password) == ("news", "s3cret")
    assert (account.type, account.address) == (AccountType.QUERYING, "+358")
    assert Account.parse("news:s3cret").type is AccountType.RECEIVING
    assert Account.parse("news:s3cret::20").address == "20"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("news", "there is no colon"),
        ("news:", "a password has 1 to 32 printable ASCII characters"),
        (":s3cret", "a name has 1 to 32 printable ASCII characters"),
        (f"news:{'x' * 33}", "a password has 1 to 32"),
        (" news:s3cret", "no space at either end"),
        (
            "news:s3cret:sending",
            "unknown type of the account 'news': there are send-only",
        ),
        ("news:s3cret::16:x", "the account 'news' has more than NAME:PASSWORD:TYPE:ADDRESS"),
        ("news:s3cret::sixteen", "bad address 'sixteen' of news"),
    ],
)
def test_what_is_no_account_is_told_without_the_password(text, message):
    with pytest.raises(ValueError) as caught:
        Account.parse(text)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_password_shows_nowhere():
    account = Account("news", "s3cret")
    assert repr(account) == "Account('news', '***', receiving, address='')"
    account.change_password("n3w")
    assert "n3w" not in repr(account)


def test_a_password_that_cannot_be_sent_is_refused():
    account = Account("news", "s3cret")
    with pytest.raises(ValueError, match="a password has 1 to 32"):
        account.change_password("with\ttab")
    assert account.password == "s3cret"


@pytest.mark.parametrize(
    ("limit", "asked", "error"),
    [
        (10, None, None),
        (10, 10, None),
        (10, 11, ErrorCode.WINDOW_SIZE),
        (128, 128, None),
        (128, 129, ErrorCode.WINDOW_SIZE),
        (128, 0, ErrorCode.WINDOW_SIZE),
        (0, None, None),
        (0, 1, None),
        (0, 2, ErrorCode.WINDOWING_DISABLED),
    ],
)
def test_windows_are_granted_up_to_the_limit(limit, asked, error):
    assert Account("news", "s3cret", window=limit).check_window(asked) == error


def test_a_window_over_128_is_none():
    with pytest.raises(ValueError, match="bad window 129 of news: it is at most 128"):
        Account("news", "s3cret", window=129)


def test_the_sender_is_the_address_with_the_subaddress_behind_it():
    account = Account("news", "s3cret", address="16")
    assert account.sender(None, is_whole=False) == "16"
    assert account.sender("", is_whole=True) == "16"
    assert account.sender("700", is_whole=False) == "16700"
    assert account.sender("700", is_whole=True) == "700"


def test_accounts_without_address_get_free_ones_from_16_on():
    accounts = Accounts((Account("a", "x"), Account("b", "x", address="16"), Account("c", "x")))
    assert [(each.name, each.address) for each in accounts] == [
        ("a", "17"),
        ("b", "16"),
        ("c", "18"),
    ]


def test_the_longest_address_that_a_number_begins_with_owns_it():
    accounts = Accounts((Account("a", "x", address="16"), Account("b", "x", address="167")))
    assert accounts.owner("16100").name == "a"
    assert accounts.owner("16700").name == "b"
    assert accounts.owner("16").name == "a"
    assert accounts.owner("20100") is None


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ((), "a center has at least one account"),
        ((Account("a", "x"), Account("a", "y")), "two accounts have the name 'a'"),
        (
            (Account("a", "x", address="16"), Account("b", "y", address="16")),
            "'a' and 'b' have one address",
        ),
    ],
)
def test_accounts_that_cannot_be_told_apart_are_refused(accounts, message):
    with pytest.raises(ValueError, match=message):
        Accounts(accounts)


@pytest.mark.parametrize("text", ["1", "+358401234567", "0-800-123", "1" * 20])
def test_a_number_has_digits_and_perhaps_a_plus_and_hyphens(text):
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "+", "-", "12x", "+358 40", "1" * 21, "1+2", "\u0661"])
def test_anything_else_is_no_number(text):
    assert not is_number(text)
