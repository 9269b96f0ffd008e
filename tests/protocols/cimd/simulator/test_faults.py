import pytest

from ohnecimd.protocols.cimd.simulator.faults import REQUEST_KINDS, Fault, FaultKind, Faults


def happens(text, operations, random=None):
    faults = Faults([text], random)
    return [bool(faults.of_request(each) or faults.of_output(each)) for each in operations]


def test_a_fault_happens_to_every_packet_by_itself():
    assert happens("drop", [1, 3, 53, 40]) == [True] * 4


def test_a_fault_may_be_about_one_operation_and_its_responses():
    assert happens("drop:submit-message", [1, 51, 3, 53, 23, 4]) == [
        False, False, True, True, False, False,
    ]  # fmt: skip
    assert Fault.parse("drop:03") == Fault.parse("drop:submit-message")
    assert Fault.parse("drop:deliver-status-report").operation == 23


def test_the_nth_and_every_nth_are_counted_among_those_it_is_about():
    assert happens("close:submit-message:nth=2", [1, 3, 40, 3, 3]) == [
        False, False, False, True, False,
    ]  # fmt: skip
    assert happens("close:every=3", [3] * 7) == [False, False, True, False, False, True, False]


def test_a_fault_may_end_after_some_times():
    assert happens("drop:times=2", [3] * 4) == [True, True, False, False]
    assert happens("drop:every=2:times=1", [3] * 5) == [False, True, False, False, False]


def test_chance_is_asked_only_where_there_is_a_probability():
    numbers = iter([0.5, 0.1, 0.3])
    assert happens("drop:p=0.3", [3] * 3, lambda: next(numbers)) == [False, True, False]


def test_values_have_defaults():
    assert Fault.parse("delay").seconds == 1.0
    assert Fault.parse("delay=0.5").seconds == 0.5
    assert Fault.parse("refuse").code == 10
    assert Fault.parse("refuse=300").code == 300
    assert Fault.parse("98").code == 6
    assert Fault.parse("nack=7").code == 7
    assert Fault.parse("refuse=555").code == 555


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("burn", "unknown fault 'burn': there are ignore, drop, delay"),
        ("drop=1", "the fault drop takes no value"),
        ("delay=", "no value in the fault 'delay='"),
        ("delay=soon", "bad value 'soon' of the fault delay"),
        ("delay=0", "bad value '0' of the fault delay: it is a number of seconds, more than 0"),
        ("delay=nan", "bad value 'nan' of the fault delay"),
        ("refuse=0", "bad value '0' of the fault refuse: it is an error code from 1 to 999"),
        ("98=1000", "bad value '1000' of the fault 98"),
        ("nack=1000", "bad value '1000' of the fault nack: it is a packet number from 0 to 999"),
        ("noise=\x1b", "bad value '\\\\x1b' of the fault noise: it is printable ASCII"),
        ("drop:nth=0", "bad number 0 in the fault drop: it is at least 1"),
        ("drop:every=x", "bad number 'x' in 'every=x'"),
        ("drop:p=0", "bad probability 0 in the fault drop"),
        ("drop:p=1.5", "bad probability 1.5 in the fault drop"),
        ("drop:p=nan", "bad probability nan in the fault drop"),
        ("drop:now=1", "bad packets 'now=1': they are an operation, nth=N"),
        ("drop:07", "bad packets '07'"),
        ("drop:submit", "operations are login, logout, submit-message, enquire-message-status"),
    ],
)
def test_what_is_no_fault_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        Fault.parse(text)


def test_of_faults_in_requests_the_first_wins_and_all_count():
    faults = Faults(["ignore:nth=2", "nack:every=2", "checksum"])
    found = [faults.of_request(3) for _ in range(4)]
    assert [each and each.kind for each in found] == [
        None, FaultKind.IGNORE, None, FaultKind.NACK,
    ]  # fmt: skip


def test_faults_in_output_work_together():
    faults = Faults(["checksum", "ignore", "cut"])
    assert [each.kind for each in faults.of_output(53)] == [FaultKind.CHECKSUM, FaultKind.CUT]
    faults.clear()
    assert faults.of_output(53) == []
    assert list(faults) == []


def test_every_kind_is_about_requests_or_about_output():
    output = {FaultKind.DROP, FaultKind.CHECKSUM, FaultKind.CUT, FaultKind.NOISE}
    assert set(FaultKind) - REQUEST_KINDS == output


def test_chance_needs_a_source():
    with pytest.raises(ValueError, match="needs a source of random numbers"):
        Faults(["drop:p=0.5"])
    assert Faults(["drop:p=0.5"], random=lambda: 0.9).of_output(3) == []
