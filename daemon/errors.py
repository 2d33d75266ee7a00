"""Every exception of ours, as a tree; each has a sentence for people, and most name the remedy.

VoicedError                     raised on purpose, by this project
    OwnerError                  what the owner wrote, stored or asked for cannot be used
        AddressError            ... as an address of a server
        CannotLoadError         ... as a file of tools, in its process
        ConfigError             ... as a configuration
        DraftError              ... as a text that setup could change
        DuplicateNameError      ... as names of devices
        HintError               ... as type hints of a tool
        HistoryError            ... as a question to the journal
        KeyTextError            ... as a key
        LimitError              ... as limits of a device
        SetupError              ... as an answer to setup
        TextFileError           ... as a text file
        TomlError               ... as TOML
    PeerError                   the other end of a connection is not there, or says what cannot be
        ControlError            the service cannot be asked
            RefusedError        ... it was, and says no
        DialError               there is no connection to a server
        EndedError              the process of an owner's tools has ended
        MisfitError             the model's arguments do not fit a tool
        Refusal                 the brain's client sent what is no event, or one that cannot be carried out
        RequestError            a client of the control socket asked for what there is not
    ToolError                   a tool says why it could not; owners raise it
        BadCallError            ... it was called with what it does not take
        ToolDefinitionError     ... it cannot be offered
            ToolFileError       ... nothing of its file can be
    EngineError                 an engine of the brain cannot work
        RecognizerError
        SynthesizerError
    DemoError                   the demo cannot be given
        EventStreamError
        HarnessError
        SimulatedSpeakerError
    OutOfTokens                 a response has reached its token limit
    TransitionError             a transition that no table has was asked for: a bug of ours

`hardware` knows nothing of the daemon and has a tree of its own, from `HardwareError` in `hardware.ports`.
"""

from __future__ import annotations


class VoicedError(Exception):
    """The base of all errors that we raise on purpose."""


class OwnerError(VoicedError):
    """Input of the owner cannot be used."""


class PeerError(VoicedError):
    """The other end of a connection is not there, or breaks the protocol."""


class EngineError(VoicedError):
    """An engine of the brain cannot work."""


class DemoError(VoicedError):
    """The demo cannot run."""
