"""Mail hosts on loopback: a scriptable smarthost, one that breaks off, a real Dovecot."""
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from bridge import eventually, free_port


class Smarthost:
    """Takes mail as a provider's submission server does. `answers`: replies to the final dot, first come first; then 250."""

    def __init__(self, answers=(), rcpt=None, tls=None, login=None, starttls=False):
        self.mails, self.answers, self.rcpt, self.sessions = [], list(answers), rcpt or {}, set()
        self.login, self.logins = login, []
        options = {}
        if login:
            options |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}
        if starttls:
            options |= {"tls_context": tls, "require_starttls": True}
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True, **options)
        self.controller.start()
        self.port = self.controller.port
        self.url = f"smtp://127.0.0.1:{self.port}"

    def _authenticate(self, server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        return AuthResult(success=given == self.login, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.rcpt.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.sessions.add(session.peer)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return self.answers.pop(0) if self.answers else "250 2.0.0 queued"

    def stop(self):
        self.controller.stop()


class CuttingHost:
    """A mail server of a few lines that ends the line at a chosen moment: `DATA` (in its midst) or `.` (after it). Then it behaves."""

    def __init__(self, cuts):
        self.cuts, self.mails = list(cuts), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(line,), daemon=True).start()

    def _speak(self, line):
        reader = line.makefile("rb")

        def cut():
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reader.close()
            line.close()

        line.sendall(b"220 cutting.test\r\n")
        while command := reader.readline():
            verb = command[:4].upper()
            if verb == b"DATA":
                line.sendall(b"354 go on\r\n")
                if self.cuts and self.cuts[0] == "DATA":
                    self.cuts.pop(0)
                    reader.read(100)
                    return cut()
                mail = b""
                while (text := reader.readline()) != b".\r\n":
                    if not text:
                        return cut()
                    mail += text
                self.mails.append(mail)
                if self.cuts and self.cuts[0] == ".":
                    self.cuts.pop(0)
                    return cut()
                line.sendall(b"250 2.0.0 queued\r\n")
            elif verb == b"QUIT":
                line.sendall(b"221 bye\r\n")
                return cut()
            else:
                line.sendall(b"250 ok\r\n")

    def stop(self):
        self.listener.close()


def self_signed():
    """A server context with a certificate that nobody vouches for."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key", "-out", f"{folder}/pem"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/pem", f"{folder}/key")
        return context


class Dovecot:
    """An IMAP server with any number of mailboxes, all with the password `secret`."""

    def __init__(self):
        # Its sockets live here, and a socket's path has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
        self.folder.chmod(0o755)
        user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        mail = self.folder / "mail"
        mail.mkdir()
        os.chown(mail, user.pw_uid, user.pw_gid)
        self.port = free_port()
        own = "" if os.getuid() == 0 else (
            f"default_internal_user={user.pw_name}\ndefault_login_user={user.pw_name}\n"
            f"default_internal_group={grp.getgrgid(user.pw_gid).gr_name}\n"
            # Only root may shut its processes into a folder.
            "service anvil {\n  chroot=\n}\nservice imap-login {\n  chroot=\n}\n")
        (self.folder / "dovecot.conf").write_text(f"""base_dir={self.folder}/run
listen=127.0.0.1
protocols=imap
ssl=no
disable_plaintext_auth=no
log_path={self.folder}/log
{own}first_valid_uid=1
passdb {{
  driver=static
  args=password=secret
}}
userdb {{
  driver=static
  args=uid={user.pw_uid} gid={user.pw_gid} home={mail}/%u
}}
mail_location=maildir:~/Maildir
# One account with a wrong password would hold up the log-ins of all others here, which come from one address, by up to 15 s each.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode=0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port={self.port}
  }}
  inet_listener imaps {{
    port=0
  }}
}}
""")
        # Debian keeps it where only root looks.
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        with open(self.folder / "out", "wb") as log:
            self.process = subprocess.Popen([program, "-F", "-c", self.folder / "dovecot.conf"], stdout=log, stderr=log)
        self.url = f"imap://127.0.0.1:{self.port}"
        eventually(self._answers, lambda: f"Dovecot does not answer: {(self.folder / 'out').read_text()}")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "out").read_text())
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def mailbox(self, user):
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(user, "secret")
        return client

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

