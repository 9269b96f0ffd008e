"""What the numbers mean, against the tables of the sheet (its sections 13, 14 and 15)."""

from __future__ import annotations

import re

import pytest

from ohnecimd.protocols.cimd.codes import (
    USUAL_REPORTS,
    CancelMode,
    DeliveryMode,
    ErrorCode,
    Reports,
    StatusCode,
    StatusError,
    text_of_error,
)

ERRORS = """
0 no error (treat as positive)
1 unexpected operation
2 syntax error
3 unsupported parameter
4 connection to the message center lost
5 no response from the message center
6 general system error
7 cannot find information
8 parameter formatting error
9 requested operation failed
10 temporary congestion
100 invalid login
101 incorrect access type
102 too many users with this login id
103 login refused by the message center
104 invalid window size
105 windowing disabled
106 virtual SMS Center based barring
107 invalid subaddr
108 alias account, login refused
300 incorrect destination address
301 incorrect number of destination addresses
302 syntax error in user data
303 wrong combination of binary / header / normal user data
304 data coding scheme
305 validity period parameters
306 originator address
307 protocol identifier
308 first delivery parameters
309 reply path
310 status report request
311 cancel enabled
312 priority
313 tariff class
314 service description
315 transport type
316 message type
318 more messages to send
319 operation timer
320 dialogue id
321 alphanumeric originator: usage
322 alphanumeric originator: invalid data
323 online closed user group rejection
324 licence exceeded / expired
400 address parameter
401 time stamp parameter
500 time stamp parameter
501 mode parameter
502 parameter combination
600 time stamp parameter
601 address parameter
602 mode parameter
603 parameter combination
700 delivery OK / waiting for delivery
710 generic failure
711 unsupported data coding scheme
712 unsupported user data header
730 unknown subscriber
800 changing the password failed
801 changing the password not allowed
900 unsupported item requested
"""

STATUSES = """
0 no status available
1 in process
2 validity period expired
3 delivery failed
4 delivery successful
5 no response
6 last no response
7 message cancelled
8 message deleted
9 message deleted by cancel
"""

STATUS_ERRORS = """
0 no error
1 unknown subscriber
9 illegal subscriber
11 teleservice not provisioned
13 call barred
15 CUG (closed user group) reject
19 no SMS support in MS
20 error in MS
21 facility not supported
22 memory capacity exceeded
29 absent subscriber
30 MS busy for MT SMS
36 network/protocol failure
44 illegal equipment
60 no paging response
61 GMSC congestion
63 HLR timeout
64 MSC/SGSN timeout
70 SMRSE/TCP error
72 MT congestion
75 GPRS suspended
80 no paging response via MSC
81 IMSI detached
82 roaming restriction
83 deregistered in HLR for GSM
84 purged for GSM
85 no paging response via SGSN
86 GPRS detached
87 deregistered in HLR for GPRS
88 MS purged for GPRS
89 unidentified subscriber via MSC
90 unidentified subscriber via SGSN
112 originator has no prepaid credit
113 destination has no prepaid credit
114 error in prepaid system
750 call barred
751 system failure
752 data missing
753 unexpected data value
754 absent subscriber
755 illegal subscriber
756 illegal equipment
757 unknown alphabet
758 USSD busy
759 operation timer expired
760 unexpected primitive
761 wait timer expired
762 data error
763 too long USSD data
764 unknown MS address
765 network congestion
766 internal congestion
767 no network connection
768 USSD not supported
"""

CANCEL_MODES = """
0 all messages to that destination address
1 all messages of this application
2 the message of that destination address and time stamp
"""

DELIVERY_MODES = """
0 count number of waiting messages
1 one message
2 all messages
"""

LISTS = {
    ErrorCode: ERRORS,
    StatusCode: STATUSES,
    StatusError: STATUS_ERRORS,
    CancelMode: CANCEL_MODES,
    DeliveryMode: DELIVERY_MODES,
}
MEANINGS = {
    enum: {int(number): words for number, words in re.findall(r"^(\d+) (.*)$", text, re.MULTILINE)}
    for enum, text in LISTS.items()
}
MEMBERS = [member for enum in LISTS for member in enum]
SMALL_WORDS = ("and", "based", "for", "from", "not", "parameter", "sms", "the", "with")


def words_of(text):
    """The stems of its words that mean something."""
    words = re.findall(r"[a-z]{3,}", text.lower())
    return {word[:4] for word in words if word not in SMALL_WORDS}


@pytest.mark.parametrize("enum", LISTS, ids=lambda enum: enum.__name__)
def test_every_number_of_the_sheet_has_a_name_and_no_other_has(enum):
    assert {int(member) for member in enum} == set(MEANINGS[enum])


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_a_text_says_what_the_sheet_says(member):
    wanted = words_of(MEANINGS[type(member)][member])
    assert len(wanted & words_of(member.text)) * 2 > len(wanted)


@pytest.mark.parametrize("enum", LISTS, ids=lambda enum: enum.__name__)
def test_no_two_numbers_have_the_same_text(enum):
    texts = [member.text for member in enum]
    assert len(set(texts)) == len(texts)
    assert all(text and text == text.strip() for text in texts)


def test_there_is_no_error_317():
    with pytest.raises(ValueError, match="317"):
        ErrorCode(317)


def test_some_errors_are_temporary_by_nature():
    assert [int(code) for code in ErrorCode if code.is_temporary] == [4, 5, 6, 10, 102]


def test_the_text_of_an_error_is_found_by_its_number():
    assert text_of_error(0) == ErrorCode.NONE.text
    assert text_of_error(317) == text_of_error(-1) == "Unknown error"


def test_states_that_are_not_final_may_be_followed_by_others():
    assert {int(code) for code in StatusCode if not code.is_final} == {0, 1, 5}


def test_each_state_is_reported_by_its_bits():
    assert {int(code): int(code.report) for code in StatusCode} == {
        0: 0,
        1: 1,
        2: 2,
        3: 4,
        4: 8,
        5: 1,
        6: 2 + 4,
        7: 16,
        8: 32,
        9: 16,
    }


def test_the_bits_of_a_report_request_are_those_of_the_sheet():
    assert [(each.name, int(each)) for each in Reports] == [
        ("TEMPORARY_ERROR", 1),
        ("EXPIRED", 2),
        ("FAILED", 4),
        ("DELIVERED", 8),
        ("CANCELLED", 16),
        ("DELETED", 32),
        ("FIRST_TEMPORARY_RESULT", 64),
        ("RESERVED", 128),
    ]
    assert int(USUAL_REPORTS) == 14
