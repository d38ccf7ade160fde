"""The mails of the corpus, read by the real program and compared by the corpus's own tool."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from bridge import PARLEY

CORPUS = Path(__file__).resolve().parents[1] / "ChannelsTests" / "Corpus" / "email"


# In a small process of its own: what a process counts as its most memory includes what it was forked from.
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, timeout=120)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime]))
"""


def cost(*command):
    """Exit code, most memory in MB and seconds of CPU of a command."""
    done = subprocess.run([sys.executable, "-I", "-c", MEASURE, *map(str, command)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class MailCorpusTest(unittest.TestCase):
    def test_reads_every_mail_as_the_corpus_says(self):
        mails = sorted(str(path) for path in CORPUS.glob("*.eml"))
        with tempfile.TemporaryDirectory() as out:
            read = subprocess.run(
                [PARLEY, "adapters", "try", "email", *mails, "--out", out], capture_output=True, text=True, timeout=120,
                env=os.environ | {"PARLEY_HOME": str(Path(__file__).resolve().parents[2])})
            self.assertEqual(read.returncode, 0, read.stderr[-2000:])
            compared = subprocess.run(
                [sys.executable, str(CORPUS / "compare.py"), str(CORPUS), out], capture_output=True, text=True, timeout=60)
            self.assertEqual(compared.returncode, 0, compared.stdout[-6000:])
            self.assertIn(f"{len(mails)} passed, 0 failed", compared.stdout)

    def test_no_abusive_mail_takes_more_memory_or_time_than_its_share(self):
        """I16: 64 MB over what it takes to read any mail. Of time it allows 1 s, which is for a release build."""
        mails = sorted(CORPUS.glob("abuse-*.eml"))
        self.assertGreater(len(mails), 20)
        with tempfile.TemporaryDirectory() as folder:
            empty = Path(folder, "empty.eml")
            empty.write_text("From: anna@sender.test\r\nTo: support@ours.test\r\n\r\n")
            _, base, _ = cost(PARLEY, "adapters", "try", "email", empty)
        for mail in mails:
            with self.subTest(mail.name):
                code, memory, seconds = cost(PARLEY, "adapters", "try", "email", mail)
                self.assertEqual(code, 0)
                self.assertLess(memory - base, 64)
                self.assertLess(seconds, 10)

    def test_the_measure_sees_what_a_process_takes(self):
        _, base, _ = cost(sys.executable, "-c", "pass")
        code, memory, seconds = cost(sys.executable, "-c", "bytearray(b'x') * 80_000_000; sum(range(30_000_000))")
        self.assertEqual(code, 0)
        self.assertGreater(memory - base, 64)
        self.assertGreater(seconds, 0.1)
