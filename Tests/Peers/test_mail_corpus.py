"""The mails of the corpus, read by the real program and compared by the corpus's own tool."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from bridge import PARLEY

CORPUS = Path(__file__).resolve().parents[1] / "ChannelsTests" / "Corpus" / "email"


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
