"""Counts what went in, what came out, and what must never be: lost, unexpected, doubled or out of order."""
import collections
import re
import time

PENDING = """SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending', 'unknown', 'held'))"""


def wait_until_drained(stack, seconds, log=print):
    """Seconds it took; None when something is still on its way in the end."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if stack.postgres.sql(PENDING) == [["0"]]:
            return time.monotonic() - start
        time.sleep(0.5)
    states = stack.postgres.sql("SELECT state, reason, count(*) FROM deliveries GROUP BY 1, 2")
    jobs = stack.postgres.sql("SELECT queue, held, count(*), max(failures::text) FROM jobs GROUP BY 1, 2")
    log(f"not drained after {seconds} s: deliveries {states}, jobs {jobs}")
    return None


def number(text):
    return int(re.search(r"#(\d+)$", text)[1])


def check(stack, load, released, log=print):
    """The list of broken promises; empty when all held.

    released: ids of the messages that a policy held and a person let go.
    """
    broken = []

    def report(name, count, expected=0, examples=()):
        shown = f" (for example {', '.join(map(str, list(examples)[:3]))})" if count != expected and examples else ""
        log(f"  {name:<32} {count}{shown}")
        if expected is not None and count != expected:
            broken.append(f"{name}: {count}")

    rows = stack.postgres.sql(
        "SELECT m.direction, m.conversation_id, m.seq, c.channel_id, m.body->'text'->>'text', coalesce(bool_or(d.possible_duplicate), false), "
        "max(d.state), m.id, max(h.policy->>'unknown') FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id "
        "JOIN channels h ON h.workspace_id = c.workspace_id AND h.id = c.channel_id "
        "LEFT JOIN deliveries d ON d.workspace_id = m.workspace_id AND d.message_id = m.id GROUP BY m.workspace_id, m.id, c.channel_id "
        "ORDER BY m.conversation_id, m.seq")
    rows = [row for row in stack_rows(rows)]

    log("inbound:")
    attempted = {f"{c.name}-#{n}" for c in load.conversations for n in range(1, c.sent + 1)}
    acked = {f"{c.name}-#{n}" for c in load.conversations for n in range(1, c.acked + 1)}
    stored = collections.Counter(row.text for row in rows if row.direction == "inbound")
    report("attempted", len(attempted), None)
    report("acknowledged", len(acked), None)
    report("refused answers", len(load.odd), 0, load.odd)
    report("lost", len(acked - stored.keys()), 0, acked - stored.keys())
    report("unexpected", len(stored.keys() - attempted), 0, stored.keys() - attempted)
    report("duplicated", sum(1 for count in stored.values() if count > 1), 0, [text for text, count in stored.items() if count > 1])

    log("outbound:")
    replied = {f"{c.name}-reply-#{n}" for c in load.conversations for n in range(1, c.replies + 1)}
    sends = stack.read_sends()
    seen = collections.Counter(send["text"] for send in sends)
    flagged = {row.text for row in rows if row.flagged}
    doubled = {text for text, count in seen.items() if count > 1}
    unsent = {row.text for row in rows if row.direction == "outbound" and row.state not in ("accepted", "sent", "delivered", "read")}
    report("accepted by the API", len(replied), None)
    report("seen by the provider", len(sends), None)
    report("lost", len(replied - seen.keys()), 0, replied - seen.keys())
    report("not accepted in the end", len(unsent), 0, unsent)
    report("unexpected", len(seen.keys() - replied), 0, seen.keys() - replied)
    report("duplicates, flagged", len(doubled & flagged), None)
    report("duplicates, unflagged", len(doubled - flagged), 0, doubled - flagged)
    held = {row.text for row in rows if row.policy == "hold"}
    let_go = {row.text for row in rows if row.id in released}
    report("held, let go by a person", len(let_go), None)
    report("held sends repeated by nobody", len(doubled & held - let_go), 0, doubled & held - let_go)

    log("order:")
    report("gaps in a conversation's seq", gaps(rows))
    report("inbound out of order", disorder((row.conversation, number(row.text)) for row in rows if row.direction == "inbound"))
    report("outbound out of order", disorder((row.conversation, number(row.text)) for row in rows if row.direction == "outbound"))
    first = {}
    for send in sends:
        first.setdefault(send["text"], (send["text"].rsplit("-reply-", 1)[0], number(send["text"])))
    report("handed over out of order", disorder(first.values()))
    owners = collections.defaultdict(set)
    for row in rows:
        owners[row.text.rsplit("-#", 1)[0].removesuffix("-reply")].add(row.conversation)
    report("persons in two conversations", sum(1 for ids in owners.values() if len(ids) > 1))
    keys = {c.name: c.channel.id for c in load.conversations}
    report("messages in a foreign channel", sum(1 for row in rows if keys[row.text.rsplit("-#", 1)[0].removesuffix("-reply")] != row.channel))
    return broken


Row = collections.namedtuple("Row", "direction conversation seq channel text flagged state id policy")


def stack_rows(rows):
    for direction, conversation, seq, channel, text, flagged, *rest in rows:
        yield Row(direction, conversation, int(seq), channel, text, flagged == "t", *rest)


def gaps(rows):
    """Conversations whose numbers are not 1, 2, 3, …"""
    numbers = collections.defaultdict(list)
    for row in rows:
        numbers[row.conversation].append(row.seq)
    return sum(1 for found in numbers.values() if found != list(range(1, len(found) + 1)))


def disorder(pairs):
    """Steps back within one conversation."""
    last, count = {}, 0
    for conversation, value in pairs:
        if value < last.get(conversation, 0):
            count += 1
        last[conversation] = max(value, last.get(conversation, 0))
    return count
