"""Progress appears after two seconds, not too often, and ends; messages are always said."""

from vidi.core.progress import Quiet, Say, Terminal, tracked


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def terminal() -> tuple[Terminal, Clock]:
    clock = Clock()
    return Terminal(clock), clock


def test_quick_things_leave_no_trace(capsys):
    say, clock = terminal()
    for done in range(1, 11):
        say.track("decode", done, 10)
        clock.now += 0.1
    assert capsys.readouterr() == ("", "")


def test_off_a_terminal_a_line_every_ten_seconds_and_at_the_end(capsys):
    say, clock = terminal()
    for done in range(31):
        say.track("train", done, 30, "loss 0.1")
        clock.now += 1
    out, error = capsys.readouterr()
    lines = error.splitlines()
    assert out == "" and len(lines) == 3
    assert lines[0].startswith("train 10/30  loss 0.1  20 s left") and lines[-1].startswith("train 30/30")


def test_on_a_terminal_a_bar_that_is_wiped_away(capsys):
    say, clock = terminal()
    say.live = True
    for done in range(5):
        say.track("train", done, 4)
        clock.now += 1.5
    error = capsys.readouterr().err
    assert "━" in error and error.endswith("\r\x1b[2K") and "\n" not in error


def test_where_nobody_knows_how_many_there_are_no_end_is_foretold(capsys):
    say, clock = terminal()
    for done in (0, 32, 64):
        say.track("explaining", done, 0)
        clock.now += 11
    say.track("explaining", 70, 70)
    assert capsys.readouterr().err.splitlines() == [
        "explaining 32  11 s",
        "explaining 64  22 s",
        "explaining 70/70  0 s left",
    ]


def test_a_message_is_said_at_once(capsys):
    say, _ = terminal()
    say("hello")
    assert capsys.readouterr().err == "hello\n"


def test_another_task_starts_its_own_two_seconds(capsys):
    say, clock = terminal()
    say.track("a", 0, 9)
    clock.now += 50
    say.track("b", 5, 9)
    assert capsys.readouterr().err == ""


def test_nothing_of_nothing_is_no_division_by_zero(capsys):
    say, clock = terminal()
    say.live = True
    say.track("a", 0, 0)
    clock.now += 5
    say.track("a", 0, 0)


def test_tracked_hands_on_every_item_and_says_so_after_it():
    heard = []

    class Heard(Quiet):
        def track(self, what, done, total, detail=""):
            heard.append((what, done, total))

    assert list(tracked("abc", Heard(), "letters", 3)) == ["a", "b", "c"]
    assert heard == [("letters", 1, 3), ("letters", 2, 3), ("letters", 3, 3)]
    assert isinstance(Quiet(), Say) and isinstance(Terminal(), Say)
