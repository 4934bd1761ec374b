"""Audio and video for libwebrtc.py: the numbered pictures and the tones of media.js, and what comes back of them."""

import array
import asyncio
import cmath
import math
import os
import re
import time

import webrtc

FIELDS, NUMBERS = 16, 1 << 12
RATE = 48000
AUDIBLE = -50  # dB in one band
STEADY = 5  # readings in a row, 50 ms apart
STREAMS = ('inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'remote-outbound-rtp')

AVAILABLE = 'availableOutgoingBitrate'


def fields_of(number):
    return number << 4 | (number ^ number >> 4 ^ number >> 8 ^ 5) & 15


def number_of(fields):
    return fields >> 4 if fields_of(fields >> 4) == fields else None


class Camera:
    """A camera in front of numbers that count; `busy`: in front of noise, too."""

    def __init__(self, width=320, height=240, fps=30, busy=False, **args):
        # Pictures of noise, of which no encoder can save much.
        self.noises = [os.urandom(width * height // 2) for _ in range(8)] if busy else []
        self.width, self.height, self.number = width, height, args.get('from', 0)
        self.drawn = {}  # when, by number
        self.generator = webrtc.VideoTrackGenerator()
        self.track = self.generator.track
        self.task = asyncio.ensure_future(self.run(1 / fps))

    def picture(self):
        width, height = self.width, self.height
        fields = fields_of(self.number)
        strip = b''.join((b'\xeb' if fields >> i & 1 else b'\x10') * (width // FIELDS) for i in range(FIELDS))
        grey = b'\x4b' * width
        # Something moves, as in real pictures.
        at, wide = self.number * 5 % (width * 7 // 8), width // 8
        bar = grey[:at] + b'\xa0' * wide + grey[at + wide :]
        rows = [strip] * (height // 6) + [grey] * (height // 6) + [bar] * (height // 6)
        luma = b''.join(rows + [grey] * (height - len(rows)))
        if self.noises:
            noise = self.noises[self.number % len(self.noises)]
            luma = luma[: -len(noise)] + noise
        return luma + b'\x80' * (width * height // 2)

    async def run(self, pause):
        writer = self.generator.writable.get_writer()
        start = time.monotonic()
        for count in range(1 << 62):
            now = time.monotonic()
            init = webrtc.VideoFrameBufferInit('I420', self.width, self.height, round((now - start) * 1e6))
            frame = webrtc.VideoFrame(self.picture(), init)
            self.drawn[self.number] = now
            self.number = (self.number + 1) % NUMBERS
            await writer.write(frame)
            await asyncio.sleep(max(start + (count + 1) * pause - time.monotonic(), 0))

    def stop(self):
        self.task.cancel()
        self.track.stop()


class Tone:
    """A microphone that hears one tone."""

    def __init__(self, hz=1000, **_):
        self.track = webrtc.MediaStreamTrackGenerator('audio')
        # Twice a second's worth: any piece of 10 ms is in one part.
        wave = [round(16000 * math.sin(2 * math.pi * hz * i / RATE)) for i in range(RATE)]
        self.samples = array.array('h', wave + wave).tobytes()
        self.task = asyncio.ensure_future(self.run())

    async def run(self):
        writer = self.track.writable.get_writer()
        start, piece = time.monotonic(), RATE // 100
        for count in range(1 << 62):
            at = count * piece % RATE * 2
            init = webrtc.AudioDataInit('s16', RATE, piece, 1, count * 10_000, self.samples[at : at + piece * 2])
            await writer.write(webrtc.AudioData(init))
            await asyncio.sleep(max(start + (count + 1) / 100 - time.monotonic(), 0))

    def stop(self):
        self.task.cancel()
        self.track.stop()


class Screen:
    """What is read of received pictures."""

    def __init__(self, owner, track):
        self.owner, self.width, self.height = owner, 0, 0
        self.reset()
        self.task = asyncio.ensure_future(self.run(track))

    def reset(self):
        self.numbers = []  # in order, each once
        self.back = 0  # how many were lower than the one before
        self.unreadable = 0
        self.delays = []  # milliseconds from drawing to reading, of our own pictures
        self.began, self.last = time.monotonic(), 0

    async def run(self, track):
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(track, 30))
        async for frame in processor.readable:
            await self.read(frame)
            frame.close()

    async def read(self, frame):
        now = time.monotonic()
        self.width, self.height = frame.coded_width, frame.coded_height
        # A few rows in the middle of the fields.
        rect = webrtc.DOMRectInit(0, self.height // 12 & ~1, self.width, 2)
        pixels = bytearray(self.width * 4)
        await frame.copy_to(pixels, webrtc.VideoFrameCopyToOptions(rect=rect))
        fields = 0
        for i in range(FIELDS):
            middle = (2 * i + 1) * self.width // (2 * FIELDS)
            fields |= (sum(pixels[middle - 2 : middle + 2]) > 4 * 126) << i
        number = number_of(fields)
        if number is None:
            self.unreadable += 1
            return
        if self.numbers and number == self.numbers[-1]:
            return
        if self.numbers and (number - self.numbers[-1]) % NUMBERS > NUMBERS // 2:
            self.back += 1
        self.numbers.append(number)
        self.last = now
        drawn = self.owner.drawn(number, now)
        if drawn is not None:
            self.delays.append((now - drawn) * 1000)

    def report(self):
        delays = sorted(self.delays)

        def at(part):
            return round(delays[min(int(len(delays) * part), len(delays) - 1)]) if delays else None

        return {
            'frames': len(self.numbers),
            'back': self.back,
            'unreadable': self.unreadable,
            'first': self.numbers[0] if self.numbers else None,
            'last': self.numbers[-1] if self.numbers else None,
            'width': self.width,
            'height': self.height,
            'perSecond': round(len(self.numbers) / (time.monotonic() - self.began), 1),
            'delayMs': {'p50': at(0.5), 'p95': at(0.95), 'measured': len(delays)},
        }

    def stop(self):
        self.task.cancel()


class Ear:
    """What is heard of a received track."""

    SIZE, EVERY = 1024, 4  # what is transformed: that many samples, each the mean of so many

    def __init__(self, _owner, track):
        self.samples, self.rate = array.array('h'), RATE
        self.task = asyncio.ensure_future(self.run(track))

    async def run(self, track):
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(track, 50))
        async for data in processor.readable:
            self.rate, channels = data.sample_rate, data.number_of_channels
            piece = array.array('h', bytes(2 * data.number_of_frames * channels))
            data.copy_to(memoryview(piece).cast('B'), webrtc.AudioDataCopyToOptions(0, format='s16'))
            data.close()
            self.samples = (self.samples + piece[::channels])[-self.SIZE * self.EVERY :]

    def report(self):
        """The loudest band now."""
        every = self.EVERY
        means = [sum(self.samples[i : i + every]) / (every * 32768) for i in range(0, len(self.samples), every)]
        means = [0.0] * (self.SIZE - len(means)) + means
        bands = fft([x * math.sin(math.pi * i / self.SIZE) ** 2 for i, x in enumerate(means)])[: self.SIZE // 2]
        loudest = max(range(1, len(bands)), key=lambda i: abs(bands[i]))
        level = 20 * math.log10(abs(bands[loudest]) / self.SIZE or 1e-10)
        return {'hz': round(loudest * self.rate / every / self.SIZE), 'level': round(level)}

    def stop(self):
        self.task.cancel()


def fft(values):
    """Of a power of two of values."""
    count = len(values)
    if count == 1:
        return values
    even, odd = fft(values[::2]), fft(values[1::2])
    turned = [cmath.rect(1, -2 * math.pi * i / count) * odd[i] for i in range(count // 2)]
    return [a + b for a, b in zip(even, turned)] + [a - b for a, b in zip(even, turned)]


def is_stopped(transceiver):
    """For good, or with the next negotiation."""
    return transceiver.stopped or 'stopped' in (str(transceiver.direction), str(transceiver.current_direction))


def kind_of(transceiver):
    return str(transceiver.receiver.track.kind)


def prefer(transceiver, kind, codec):
    """That codec first and alone, with what belongs to it."""
    wanted = (codec.lower(), 'rtx', 'telephone-event', 'cn')
    codecs = webrtc.RTCRtpReceiver.get_capabilities(kind).codecs
    transceiver.set_codec_preferences([one for one in codecs if one.mime_type.split('/')[1].lower() in wanted])


def codecs(kind):
    """The codecs that this library sends."""
    helps = ('rtx', 'red', 'ulpfec', 'flexfec-03', 'telephone-event', 'cn')
    names = (one.mime_type.split('/')[1] for one in webrtc.RTCRtpSender.get_capabilities(kind).codecs)
    return list(dict.fromkeys(name for name in names if name.lower() not in helps))


class Media:
    """The media of a connection: what it sends and receives, by transceiver."""

    def __init__(self, pc):
        self.pc, self.sources, self.sinks = pc, {}, {}
        pc.on('track', self.track)

    def track(self, event):
        if event.transceiver not in self.sinks:
            make = Screen if str(event.track.kind) == 'video' else Ear
            self.sinks[event.transceiver] = make(self, event.track)

    def drawn(self, number, now):
        """When the picture of that number was drawn last before `now`, if one of our cameras drew it."""
        cameras = (source for source in self.sources.values() if isinstance(source, Camera))
        times = [camera.drawn.get(number) for camera in cameras]
        return max((at for at in times if at is not None and at <= now), default=None)

    def source(self, kind, args):
        args = {name: value for name, value in args.items() if name in ('width', 'height', 'fps', 'busy', 'from', 'hz')}
        return Camera(**args) if kind == 'video' else Tone(**args)

    def add(self, args):
        """A new transceiver that sends; `codec`: prefers it, `rids`: sends several encodings, each half as large as the
        next, `maxBitrate`: sends one that takes no more bits a second."""
        kind, most = args['kind'], args.get('maxBitrate')
        rids = args.get('rids', [None] if most else [])
        source = self.source(kind, args)
        track = source.track
        encodings = [
            webrtc.RTCRtpEncodingParameters(
                rid=rid, max_bitrate=most, scale_resolution_down_by=float(1 << len(rids) - 1 - i)
            )
            for i, rid in enumerate(rids)
        ]
        init = webrtc.RTCRtpTransceiverInit(
            direction=args.get('direction', 'sendrecv'),
            streams=[webrtc.MediaStream([track])],
            send_encodings=encodings,
        )
        transceiver = self.pc.add_transceiver(track, init)
        self.sources[transceiver] = source
        if 'codec' in args:
            prefer(transceiver, kind, args['codec'])

    async def join(self, args):
        """Sends on a transceiver that the other side offered."""
        kind = args['kind']
        for transceiver in self.pc.get_transceivers():
            if kind_of(transceiver) == kind and transceiver not in self.sources and not is_stopped(transceiver):
                break
        else:
            raise LookupError(f'no {kind} was offered')
        source = self.sources[transceiver] = self.source(kind, args)
        await transceiver.sender.replace_track(source.track)
        transceiver.direction = args.get('direction', 'sendrecv')
        if 'codec' in args:
            prefer(transceiver, kind, args['codec'])
        if 'maxBitrate' in args:
            parameters = transceiver.sender.get_parameters()
            parameters.encodings[0].max_bitrate = args['maxBitrate']
            await transceiver.sender.set_parameters(parameters)

    def transceiver(self, args):
        """By `mid`, or the first of that `kind`."""
        for transceiver in self.pc.get_transceivers():
            same = transceiver.mid == args['mid'] if 'mid' in args else kind_of(transceiver) == args['kind']
            if same and not is_stopped(transceiver):
                return transceiver
        raise LookupError(f'no transceiver of {args.get("kind", args.get("mid"))}')

    def sink(self, args):
        found = self.sinks.get(self.transceiver(args))
        if not found:
            raise LookupError(f'nothing was received of {args.get("kind", args.get("mid"))}')
        return found

    async def until_sink(self, args):
        end = time.monotonic() + args['ms'] / 1000
        while True:
            try:
                return self.sink(args)
            except LookupError:
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(0.01)

    async def watch(self, args):
        """Waits until so many numbered pictures were read, counted from now."""
        start = time.monotonic()
        screen = await self.until_sink(args)
        screen.reset()

        def here(number):
            return 'from' not in args or (number - args['from']) % NUMBERS < NUMBERS // 2

        def enough():
            return sum(map(here, screen.numbers)) >= args['frames'] and screen.width == args.get('width', screen.width)

        while not enough():
            if time.monotonic() > start + args['ms'] / 1000:
                raise TimeoutError(f'{args["frames"]} pictures: not within {args["ms"]} ms: {screen.report()}')
            await asyncio.sleep(0.02)
        return screen.report()

    async def still(self, args):
        """Waits until no new number came for a second."""
        screen, start = self.sink(args), time.monotonic()
        while time.monotonic() - screen.last < 1:
            if time.monotonic() > start + args['ms'] / 1000:
                raise TimeoutError(f'no more pictures: not within {args["ms"]} ms')
            await asyncio.sleep(0.02)
        return screen.report()

    async def hear(self, args):
        """Waits until there is a tone of so many hertz, or, with 0, none."""
        ear = await self.until_sink({'kind': 'audio', **args})
        hz, end, steady = args['hz'], time.monotonic() + args['ms'] / 1000, 0
        while True:
            report = ear.report()
            audible = report['level'] > AUDIBLE
            steady = steady + 1 if (audible and abs(report['hz'] - hz) <= hz / 20 if hz else not audible) else 0
            if steady == STEADY:
                return report
            if time.monotonic() > end:
                what = f'a tone of {hz} Hz' if hz else 'silence'
                raise TimeoutError(f'{what}: not within {args["ms"]} ms: {report}')
            await asyncio.sleep(0.05)

    async def change(self, args):
        """Changes what is sent: `enabled`, no track (`pause`), another source (`replace`), a `direction`, `stop`; or header
        `extensions`."""
        transceiver = self.transceiver(args)
        if 'enabled' in args:
            transceiver.sender.track.enabled = args['enabled']
        if args.get('pause'):
            await transceiver.sender.replace_track(None)
        if 'replace' in args:
            source = self.source(kind_of(transceiver), args['replace'])
            await transceiver.sender.replace_track(source.track)
            before = self.sources.get(transceiver)
            self.sources[transceiver] = source
            if before:
                before.stop()
        if 'direction' in args:
            transceiver.direction = args['direction']
        if 'extensions' in args:
            every = transceiver.get_header_extensions_to_negotiate()
            for one in every:
                one.direction = type(one.direction)(args['extensions'].get(one.uri, str(one.direction)))
            transceiver.set_header_extensions_to_negotiate(every)
        if args.get('stop'):
            transceiver.stop()

    def extensions(self, args):
        """The header extensions of a transceiver: by both descriptions, and as negotiated."""
        transceiver = self.transceiver(args)

        def described(description):
            sections = description.sdp.split('\r\nm=')
            section = next(text for text in sections if f'\r\na=mid:{transceiver.mid}\r\n' in text)
            lines = re.findall(r'^a=extmap:(\d+)(?:/(\w+))? (\S+)', section, re.MULTILINE)
            return [{'id': int(number), 'direction': way or 'sendrecv', 'uri': uri} for number, way, uri in lines]

        negotiated = transceiver.get_negotiated_header_extensions()
        return {
            'local': described(self.pc.local_description),
            'remote': described(self.pc.remote_description),
            'negotiated': [{'uri': one.uri, 'direction': str(one.direction)} for one in negotiated],
            'sent': None,
        }

    def transceivers(self):
        """How transceivers stand."""
        return {
            'transceivers': [
                {
                    'kind': kind_of(one),
                    'mid': one.mid,
                    'direction': str(one.direction),
                    'currentDirection': one.current_direction and str(one.current_direction),
                    'muted': one.receiver.track.muted,
                }
                for one in self.pc.get_transceivers()
            ]
        }

    async def streams(self):
        """What was counted of each stream, with its codec, and how many bits a second the library thinks it may send."""
        entries = [entry.to_json() for entry in (await self.pc.get_stats()).values()]
        by_id = {entry['id']: entry for entry in entries}
        streams = [entry for entry in entries if entry['type'] in STREAMS]
        return {
            'streams': [{**entry, 'codec': by_id.get(entry.get('codecId'))} for entry in streams],
            'transports': sum(entry['type'] == 'transport' for entry in entries),
            'available': next((e[AVAILABLE] for e in entries if e.get(AVAILABLE)), None),
        }

    def close(self):
        for one in (*self.sources.values(), *self.sinks.values()):
            one.stop()
