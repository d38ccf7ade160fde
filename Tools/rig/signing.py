"""Requests as the providers sign them."""
import base64
import hashlib
import hmac
import json
import time
import urllib.parse


def twilio(url, account_sid, auth_token, sid, sender, to, text):
    """Headers and body of one incoming SMS. Source: twilio.com/docs/usage/security."""
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": account_sid, "From": sender, "To": to, "Body": text, "NumMedia": "0", "NumSegments": "1"}
    signed = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}, urllib.parse.urlencode(form)


def slack(signing_secret, team, event_id, channel, user, ts, thread_ts, text):
    """Headers and body of one Events API message. Source: docs.slack.dev/authentication/verifying-requests-from-slack."""
    event = {"type": "message", "channel": channel, "channel_type": "channel", "user": user, "text": text, "ts": ts}
    if thread_ts and thread_ts != ts:
        event["thread_ts"] = thread_ts
    body = json.dumps({
        "type": "event_callback", "team_id": team, "api_app_id": "A0PARLEY1", "event_id": event_id, "event_time": int(time.time()), "event": event})
    now = str(int(time.time()))
    signature = "v0=" + hmac.new(signing_secret.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}, body
