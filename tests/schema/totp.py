"""One-time passwords of the account of a web session, switched on and off beside the calls that are tested:
a call of PUT needs the code of a set-up that was begun, one of DELETE a code of one that is in force.

Codes are those of RFC 6238 (HMAC-SHA1, 6 digits, 30 seconds).
"""

import base64
import hmac
import json
import struct
import time
import urllib.error
import urllib.request


def code_of(secret, moment):
    """The code of a secret in Base32 at a moment in seconds."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(moment) // 30), "sha1")
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


class Totp:
    def __init__(self, base, headers):
        self.address, self.headers = f"{base}/api/v1/totp/", headers
        self.recovery_codes = []

    def _call(self, method, query="", **fields):
        body = json.dumps(fields).encode() if fields else None
        headers = {**self.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + query, body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]

    def confirmed(self, recovery_codes):
        """Told when a call has switched them on: off again, or every later DELETE with a code that was made
        up would count as an attempt to guess, and be told to wait."""
        self.recovery_codes = recovery_codes
        self.off()

    def off(self):
        if self.recovery_codes:
            code, self.recovery_codes = self.recovery_codes[0], []
            try:
                self._call("DELETE", f"?code={code}")
            except urllib.error.HTTPError as error:
                # The call that was given the other code has done it.
                if error.code != 404:
                    raise

    def begin(self):
        """Begins; gives the code that confirms."""
        self.off()
        return code_of(self._call("POST")["secret"], time.time())

    def on(self):
        """Switches them on; gives a code that switches them off, to be used by the caller."""
        code, *self.recovery_codes = self._call("PUT", code=self.begin())["recovery_codes"]
        return code


def _check():
    # RFC 6238, appendix B: the last six of eight digits.
    secret = base64.b32encode(b"12345678901234567890").decode()
    for moment, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_of(secret, moment) == code, (moment, code)


_check()
