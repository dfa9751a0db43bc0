"""Open a container of media that nobody vouches for, and take from it what can be taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream as AvVideoStream

from divine.media.errors import MediaError

KINDS = "MP4, MOV, M4A, 3GP, MKV, WebM, AVI, WAV, MP3, OGG or FLAC"

_OPTIONS = {
    # A text that names other files ("ffconcat"), a playlist or an address is none of these, so nothing else is ever read.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,wav,mp3,ogg,flac",
}


def address(path: Path) -> str:
    """Name a file to FFmpeg so that no character of it is an option, a protocol or a pattern."""
    return f"file:{path.absolute()}"


def check_file(path: Path) -> None:
    """Make sure that ``path`` is a file with something in it.

    Raises:
        MediaError: it is not.
    """
    try:
        if path.is_dir():
            raise MediaError(f"{path.name}: is a folder. Choose a recording inside it.")
        if not path.exists():
            raise MediaError(f"{path.name}: there is no such file. Check the name, or whether its drive is connected.")
        if not path.is_file():
            raise MediaError(f"{path.name}: is not a regular file. Choose a recording: {KINDS}.")
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError(f"{path.name}: is empty (0 bytes). Copy or record it again.")
    except OSError as error:
        raise MediaError(f"{path.name}: cannot be read ({error.strerror}). Check its name, permissions and drive.") from error


def open_container(path: Path) -> InputContainer:
    """Open ``path`` for reading.

    Raises:
        MediaError: it is no recording, damaged at its beginning, or holds neither picture nor sound.
    """
    check_file(path)
    try:
        container = av.open(address(path), options=_OPTIONS, metadata_errors="replace")  # titles come in any encoding
    except MemoryError:
        raise
    except FFmpegError as error:
        with path.open("rb") as file:
            raise MediaError(f"{path.name}: {_diagnosis(file.read(512))}") from error
    if not container.streams.video and not container.streams.audio:
        container.close()  # a damaged header opens without complaint, and empty
        raise MediaError(f"{path.name}: holds neither picture nor sound; its header may be damaged. Export it again.")
    return container


def _diagnosis(beginning: bytes) -> str:
    signatures = (b"ftyp", b"RIFF", b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"moov", b"mdat")
    if any(signature in beginning[:16] for signature in signatures):
        return "its header is damaged, or the recording was cut off before it was finished. Copy or export it again."
    if all(byte in b"\t\n\r\f" or 32 <= byte != 127 for byte in beginning):
        return f"is a text, not a recording, whatever its name says. Choose a file of {KINDS}."
    return f"is not a recording that can be read. Convert it to MP4 (H.264, AAC); these can be read: {KINDS}."


def picture_stream(container: InputContainer) -> AvVideoStream | None:
    """Return the moving picture, if its codec is known: not the cover of a song, which also calls itself video."""
    moving = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None
    ]
    best = container.streams.best("video")
    return next((stream for stream in moving if best is not None and stream.index == best.index), moving[0] if moving else None)


def sound_stream(container: InputContainer) -> AvAudioStream | None:
    """Return the stream of sound that a player would choose, if its codec is known."""
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    best = container.streams.best("audio")
    return next((stream for stream in known if best is not None and stream.index == best.index), known[0] if known else None)


class Packets:
    """The packets of some streams, as far as they can be read; ``torn`` says that a fault of the file ended them."""

    def __init__(self, container: InputContainer, *streams: AvVideoStream | AvAudioStream) -> None:
        self._packets = container.demux(*streams)
        self.torn = False

    def __iter__(self) -> Iterator[Packet]:
        while True:
            try:
                packet = next(self._packets)
            except StopIteration:
                return
            except FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                self.torn = True
                return
            if packet.size:
                yield packet
