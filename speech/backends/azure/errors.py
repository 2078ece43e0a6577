"""Why the service says no, and what to do about it."""

from __future__ import annotations

from speech.exceptions import SpeechError

# The SDK's CancellationErrorCode: whether trying again is of no use, and advice.
FAILURES: dict[str, tuple[bool, str]] = {
    "AuthenticationFailure": (
        True,
        "The key or token is wrong, or belongs to another region. Compare both with the resource's page "
        "“Keys and Endpoint”; a key works in its own region alone.",
    ),
    "Forbidden": (True, "The resource is disabled, out of quota, or closed to this network."),
    "BadRequest": (
        True,
        "The service doesn't know the language, the custom model or a property; or the address is no "
        "speech service.",
    ),
    "TooManyRequests": (
        False,
        "More recognitions at once than the resource allows: S0 has 100 unless raised, F0 has one.",
    ),
    "ServiceUnavailable": (False, "The service is down or overloaded. Try again, or use another region."),
    "ServiceTimeout": (False, "The service stopped answering. Try again; see its status page."),
    "ServiceError": (False, "The service failed, or what answers there is no speech service. Try again."),
    "ConnectionFailure": (
        False,
        "The service can't be reached. Is there a network? Is the region or host spelt right, and does its "
        "name resolve? Does a firewall let wss (port 443) out?",
    ),
    "Mute": (
        False,
        "Something took the audio, or the connection, and said nothing: a proxy that holds WebSockets back, "
        "a firewall that drops packets, or a service that hangs.",
    ),
    "NoToken": (False, "The token provider failed: its own message is above."),
    "RuntimeError": (
        False,
        "The SDK failed. Is its system library list (libssl3, CA certificates) complete?",
    ),
}


def azure_error(code: str, details: str) -> SpeechError:
    permanent, hint = FAILURES.get(code, (False, ""))
    return SpeechError(f"Azure Speech: {code}: {details}", permanent=permanent, hint=hint)
