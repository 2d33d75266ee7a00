"""Every exception of ours, as a tree; each has a sentence for people, and most name the remedy.

VoicedError                     raised on purpose, by this project
    OwnerError                  input of the owner cannot be used
        AddressError            ... as an address of a server
        CannotLoadError         ... as a tool file, raised in its own process
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
    PeerError                   the other end of a connection is not there, or breaks the protocol
        ControlError            the service cannot be asked
            RefusedError        ... it has refused
        DialError               there is no connection to a server
        EndedError              the process of an owner's tools has ended
        MisfitError             the model's arguments do not fit a tool
        Refusal                 a client of the brain sent an event that cannot be carried out
        RequestError            a client of the control socket sent a request that cannot be carried out
    ToolError                   a tool cannot do what was asked; owners raise it
        BadCallError            ... it does not exist, or the arguments do not fit
        ToolDefinitionError     ... it cannot be offered to a model
            ToolFileError       ... and nothing else of its file can
    EngineError                 an engine cannot work
        RecognizerError
        SynthesizerError
        EchoError               ... that cancels echo
        WakeError               ... that listens for a wake word
    DemoError                   the demo cannot run
        EventStreamError
        HarnessError
        SimulatedSpeakerError
    OutOfTokens                 a response has reached its token limit
    TransitionError             a transition that no table has was asked for: a bug of ours

`hardware` knows nothing of the daemon and has its own tree, from `HardwareError` in `hardware.ports`.
"""

from __future__ import annotations


class VoicedError(Exception):
    """The base of all errors that we raise on purpose."""


class OwnerError(VoicedError):
    """Input of the owner cannot be used."""


class PeerError(VoicedError):
    """The other end of a connection is not there, or breaks the protocol."""


class EngineError(VoicedError):
    """An engine cannot work."""


class DemoError(VoicedError):
    """The demo cannot run."""
