"""libwebrtc as a peer of the conformance harness: the verbs of page.html, over JSON lines.

In: {"verb": "offer", "args": {...}}. Out, one line for each: {"ok": ...} or {"error": "..."}.
"""

import asyncio
import hashlib
import json
import struct
import sys
import time

import libwebrtc_media as media
import webrtc


BLOCK = 16 << 20
BURST = 4 << 10  # bytes in a row while pouring


class Log:
    """Messages in order; kind and length are hashed with the bytes. Hashes of blocks are hashed, as browsers must."""

    def __init__(self):
        self.hash, self.held, self.blocks = hashlib.sha256(), 0, []
        self.messages = self.bytes = self.texts = 0
        # Of numbered messages: the numbers in order of arrival, and how many were not what was sent under their number.
        self.numbers, self.wrong = [], 0

    def add(self, data):
        text = isinstance(data, str)
        raw = data.encode() if text else bytes(data)
        self.hash.update(struct.pack('>BI', text, len(raw)))
        self.hash.update(raw)
        self.held += len(raw) + 5
        if self.held >= BLOCK:
            self.blocks.append(self.hash.digest())
            self.hash, self.held = hashlib.sha256(), 0
        self.messages += 1
        self.bytes += len(raw)
        self.texts += text
        if not text and 8 <= len(raw) <= 16384:
            number = int.from_bytes(raw[:4], 'big')
            self.numbers.append(number)
            self.wrong += raw != payload('binary', len(raw), number)

    def digest(self):
        whole = hashlib.sha256(b''.join(self.blocks) + self.hash.digest()).hexdigest()
        return {'messages': self.messages, 'bytes': self.bytes, 'texts': self.texts, 'sha256': whole}

    def sifted(self):
        late = sum(after < before for before, after in zip(self.numbers, self.numbers[1:]))
        return {'messages': self.messages, 'distinct': len(set(self.numbers)), 'late': late, 'wrong': self.wrong}


class Channel:
    def __init__(self, dc, echo, hold=0, note=lambda what: None):
        self.dc = dc
        self.sent, self.received = Log(), Log()
        self.backlog = asyncio.Queue()
        # The echo of this message, and what follows, waits for `release`; 0 for none.
        self.hold, self.release = hold, asyncio.Event()
        self.pouring, self.stop = None, False
        dc.binary_type = 'arraybuffer'
        dc.on('message', self.message)
        for name in ('open', 'closing', 'close', 'error'):
            dc.on(name, lambda *_, name=name: note(f'channel {dc.label[:40]} {name}'))
        self.echo = echo
        self.pump = asyncio.ensure_future(self.echoes()) if echo else None

    def message(self, event):
        self.received.add(event.data)
        if self.echo:
            self.backlog.put_nowait(event.data)

    async def echoes(self):
        while self.dc.ready_state in ('connecting', 'open'):
            data = await self.backlog.get()
            if self.sent.messages + 1 == self.hold:
                await self.release.wait()
            await self.send(data)

    async def send(self, data):
        """Whether it could."""
        while self.dc.buffered_amount > 1 << 20 and self.dc.ready_state == 'open':
            await asyncio.sleep(0.001)
        if self.dc.ready_state != 'open':
            return False
        self.dc.send(data)
        self.sent.add(data)
        return True

    async def send_all(self, messages):
        number = 0
        for message in messages:
            for _ in range(message.get('count', 1)):
                if not await self.send(payload(message['kind'], message['size'], number)):
                    return number
                number += 1
                if message.get('pause'):
                    await asyncio.sleep(message['pause'] / 1000)
        return number

    async def pour(self, size):
        number = 0
        while not self.stop and await self.send(payload('binary', size, number)):
            number += 1
            if number % max(BURST // size, 1) == 0:
                await asyncio.sleep(0.01)

    def describe(self):
        dc = self.dc
        return {
            'label': dc.label,
            'ordered': dc.ordered,
            'maxRetransmits': dc.max_retransmits,
            'maxPacketLifeTime': dc.max_packet_life_time,
            'protocol': dc.protocol,
            'negotiated': dc.negotiated,
            'id': dc.id,
            'readyState': str(dc.ready_state),
            'priority': str(dc.priority),
        }


PATTERN = bytes(range(251))


def payload(kind, size, number):
    """The same bytes for the same number, on every peer."""
    if kind == 'planes':
        return planes(size, number)
    if kind == 'text':
        start = f'{number} Grüße 漢字 🐦 '
        used = len(start.encode())
        return 'x' * size if used > size else start + 'x' * (size - used)
    # A prime period: no fragment can take another's place.
    start = number % 251
    data = (PATTERN * (size // 251 + 2))[start : start + size]
    return struct.pack('>I', number) + data[4:] if size >= 8 else data


# Characters of every plane of Unicode in turn, those at the edges first.
LOW = (0xFEFF, 0x0000, 0x0041, 0x00E9, 0x07FF, 0x0800, 0x20AC, 0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF)


def planes(size, number):
    text, used, i = [], 0, 0
    while True:
        point = (i % 17 << 16) + LOW[(i // 17 + number) % len(LOW)]
        length = 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4
        if used + length > size:
            return ''.join(text) + 'x' * (size - used)
        text.append(chr(point))
        used += length
        i += 1


class Peer:
    """One connection."""

    def __init__(self):
        self.pc = None
        self.media = None
        self.channels = []
        self.pending = []

    def note(self, what):
        self.happened.append([round((time.monotonic() - self.began) * 1000), what])

    def described(self):
        if self.pc is None:
            return 'no connection'
        names = ' '.join(f'{c.dc.label[:40]}:{c.dc.ready_state}' for c in self.channels[:8])
        return f'ice {self.pc.ice_connection_state}, connection {self.pc.connection_state}, channels {names or "none"}'

    async def wait(self, what, ms, test):
        end = time.monotonic() + ms / 1000
        while not test():
            if time.monotonic() > end:
                raise TimeoutError(f'{what}: not within {ms} ms ({self.described()})')
            await asyncio.sleep(0.002)

    def start(self, args, echo):
        self.end()
        policy = args.get('config', {}).get('bundlePolicy', 'balanced')
        self.pc = pc = webrtc.RTCPeerConnection(webrtc.RTCConfiguration(bundle_policy=policy))
        self.media = media.Media(pc)
        self.channels, self.pending = [], []
        self.echo, self.hold = args.get('echo', echo), args.get('hold', 0)
        self.began, self.happened = time.monotonic(), []
        pc.on('datachannel', lambda event: self.channels.append(self.channel(event.channel)))
        pc.on('icecandidate', self.candidate)
        pc.on('connectionstatechange', lambda *_: self.note(f'connection {pc.connection_state}'))
        pc.on('iceconnectionstatechange', lambda *_: self.note(f'ice {pc.ice_connection_state}'))
        pc.on('signalingstatechange', lambda *_: self.note(f'signaling {pc.signaling_state}'))
        pc.on('negotiationneeded', lambda *_: self.note('negotiationneeded'))

    def channel(self, dc):
        return Channel(dc, self.echo, self.hold, self.note)

    def candidate(self, event):
        c = event.candidate
        if c and c.candidate:
            self.pending.append({'candidate': c.candidate, 'sdpMid': c.sdp_mid, 'sdpMLineIndex': c.sdp_m_line_index})
        else:
            self.pending.append({'candidate': ''})

    def create(self, args):
        for channel in args.get('channels') or []:
            init = channel.get('init') or {}
            made = webrtc.RTCDataChannelInit(
                ordered=init.get('ordered', True),
                max_retransmits=init.get('maxRetransmits'),
                max_packet_life_time=init.get('maxPacketLifeTime'),
                protocol=init.get('protocol', ''),
                negotiated=init.get('negotiated', False),
                id=init.get('id'),
                priority=init.get('priority', 'low'),
            )
            self.channels.append(self.channel(self.pc.create_data_channel(channel['label'], made)))

    def find(self, label):
        for channel in reversed(self.channels):
            if channel.dc.label == label:
                return channel
        raise LookupError(f'no channel {label[:40]!r} ({self.described()})')

    async def local(self, description, trickle):
        await self.pc.set_local_description(description)
        if not trickle:
            await self.wait('gathering candidates', 10000, lambda: self.pc.ice_gathering_state == 'complete')
        return {'sdp': self.pc.local_description.sdp}

    async def remote(self, kind, sdp):
        await self.pc.set_remote_description(webrtc.RTCSessionDescriptionInit(type=kind, sdp=sdp))

    async def offer(self, args):
        if not args.get('again'):
            self.start(args, False)
        for one in args.get('send') or []:
            self.media.add(one)
        for kind in args.get('media') or []:
            self.pc.add_transceiver(kind, webrtc.RTCRtpTransceiverInit(direction='recvonly'))
        self.create(args)
        if args.get('restart'):
            self.pc.restart_ice()
        return await self.local(await self.pc.create_offer(), args.get('trickle'))

    async def answer(self, args):
        if not args.get('again'):
            self.start(args, True)
        self.create(args)
        await self.remote('offer', args['sdp'])
        for one in args.get('send') or []:
            await self.media.join(one)
        return await self.local(await self.pc.create_answer(), args.get('trickle'))

    async def accept(self, args):
        await self.remote('answer', args['sdp'])
        active = ('sendrecv', 'sendonly', 'recvonly')
        return {'media': sum(str(t.current_direction) in active for t in self.pc.get_transceivers())}

    async def take(self, args):
        await self.remote('offer', args['sdp'])

    async def rollback(self, args):
        back = webrtc.RTCSessionDescriptionInit(type='rollback', sdp='')
        await (self.pc.set_remote_description(back) if args.get('remote') else self.pc.set_local_description(back))

    async def candidates(self, args):
        now, self.pending = self.pending, []
        return {'candidates': now}

    async def add(self, args):
        c = args['candidate']
        if not c['candidate']:
            await self.pc.add_ice_candidate(None)
            return
        await self.pc.add_ice_candidate(
            webrtc.RTCIceCandidateInit(
                candidate=c['candidate'], sdp_mid=c.get('sdpMid'), sdp_m_line_index=c.get('sdpMLineIndex')
            )
        )

    async def open(self, args):
        self.create(args)

    async def opened(self, args):
        def opened():
            return [c for c in self.channels if c.dc.ready_state == 'open']

        await self.wait(f'{args["count"]} open channels', args['ms'], lambda: len(opened()) >= args['count'])
        return {'channels': [c.describe() for c in opened()]}

    async def exchange(self, args):
        channel = self.find(args['label'])
        channel.sent, channel.received = Log(), Log()
        end = time.monotonic() + args['ms'] / 1000
        number = await channel.send_all(args['messages'])
        seen, since = -1, time.monotonic()
        while channel.received.messages < number:
            now = time.monotonic()
            if channel.received.messages != seen:
                seen, since = channel.received.messages, now
            if args.get('patience') and now - since > args['patience'] / 1000:
                break
            if now > end:
                raise TimeoutError(f'{seen} of {number} echoes within {args["ms"]} ms ({self.described()})')
            await asyncio.sleep(0.002)
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def exchange_all(self, args):
        labels = dict.fromkeys(c.dc.label for c in self.channels)
        done = await asyncio.gather(*(self.exchange({**args, 'label': label}) for label in labels))
        return {'channels': len(done), 'equal': sum(one['sent'] == one['received'] for one in done)}

    async def send(self, args):
        channel = self.find(args['label'])
        await channel.send_all(args['messages'])
        return {'sent': channel.sent.digest()}

    async def pour(self, args):
        channel = self.find(args['label'])
        channel.pouring, channel.stop = asyncio.ensure_future(channel.pour(args['size'])), False

    async def poured(self, args):
        channel = self.find(args['label'])
        channel.stop = True
        await channel.pouring
        return {'sent': channel.sent.digest()}

    async def release(self, args):
        for channel in self.channels:
            channel.release.set()

    async def received(self, args):
        label, count, ms = args['label'], args['count'], args['ms']
        await self.wait(f'channel {label[:40]}', ms, lambda: any(c.dc.label == label for c in self.channels))
        channel = self.find(label)
        await self.wait(f'{count} messages on {label[:40]}', ms, lambda: channel.received.messages >= count)
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def sift(self, args):
        channel = self.find(args['label'])
        end = time.monotonic() + args['ms'] / 1000
        seen, since = -1, time.monotonic()
        while channel.received.messages < args['count']:
            now = time.monotonic()
            if channel.received.messages != seen:
                seen, since = channel.received.messages, now
            if now - since > args['patience'] / 1000 or now > end:
                break
            await asyncio.sleep(0.002)
        return channel.received.sifted()

    async def refused(self, args):
        try:
            self.find(args['label']).dc.send(bytes(args['size']))
        except Exception as error:  # which one it is goes into the answer
            return {'error': type(error).__name__}
        raise AssertionError(f'{args["size"]} bytes are sent')

    async def limit(self, args):
        bytes_ = self.pc.sctp.max_message_size
        return {'bytes': int(bytes_) if bytes_ != float('inf') else None}

    async def close_channel(self, args):
        channel = self.find(args['label'])
        await channel.send_all(args.get('messages') or [])
        channel.dc.close()
        await self.wait(f'closing {args["label"][:40]}', args['ms'], lambda: channel.dc.ready_state == 'closed')
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def shut(self, args):
        self.find(args['label']).dc.close()

    async def closed(self, args):
        channel = self.find(args['label'])
        await self.wait(f'the close of {args["label"][:40]}', args['ms'], lambda: channel.dc.ready_state == 'closed')
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def until(self, args):
        wanted = args['connection']
        await self.wait(f'connection {" or ".join(wanted)}', args['ms'], lambda: self.pc.connection_state in wanted)
        return {'connection': str(self.pc.connection_state)}

    async def state(self, args):
        return {
            'connection': str(self.pc.connection_state),
            'ice': str(self.pc.ice_connection_state),
            'signaling': str(self.pc.signaling_state),
            'now': round((time.monotonic() - self.began) * 1000),
            'events': self.happened,
        }

    async def ended(self, args):
        await self.wait(
            'the end of the connection', args['ms'], lambda: all(c.dc.ready_state == 'closed' for c in self.channels)
        )
        return {'connection': str(self.pc.connection_state)}

    def end(self):
        if self.pc is not None:
            self.pc.close()
            self.media.close()

    async def close(self, args):
        self.end()

    async def codecs(self, args):
        return {'codecs': media.codecs(args['kind'])}

    async def watch(self, args):
        return await self.media.watch(args)

    async def seen(self, args):
        return self.media.sink(args).report()

    async def still(self, args):
        return await self.media.still(args)

    async def hear(self, args):
        return await self.media.hear(args)

    async def change(self, args):
        return await self.media.change(args)

    async def transceivers(self, args):
        return self.media.transceivers()

    async def extensions(self, args):
        return self.media.extensions(args)

    async def tones(self, args):
        dtmf = self.media.transceiver({'kind': 'audio'}).sender.dtmf
        dtmf.insert_dtmf(args['tones'], args['duration'], args['gap'])

    async def streams(self, args):
        return await self.media.streams()

    async def stats(self, args):
        report = await self.pc.get_stats()

        def get(entry, *names):
            return {camel(name): plain(getattr(entry, name, None)) for name in names}

        def of(kind):
            return [entry for entry in report.values() if getattr(entry, 'type', '') == kind]

        transport = (of('transport') or [None])[0]
        pair = report.get(getattr(transport, 'selected_candidate_pair_id', None) or '')

        def side(name):
            return get(report.get(getattr(pair, name, None) or ''), 'candidate_type', 'protocol', 'address', 'port')

        counted = ('bytes_sent', 'bytes_received', 'requests_sent', 'responses_received')
        found = get(pair, 'state', 'nominated', *counted)
        found.update(rtt=plain(getattr(pair, 'current_round_trip_time', None)))
        found.update(local=side('local_candidate_id'), remote=side('remote_candidate_id'))
        counters = ('label', 'state', 'messages_sent', 'messages_received', 'bytes_sent', 'bytes_received')
        return {
            'transport': get(
                transport, 'dtls_state', 'tls_version', 'dtls_cipher', 'dtls_role', 'ice_role', 'ice_state'
            ),
            'pair': found,
            'channels': [get(entry, *counters) for entry in of('data-channel')],
            'states': {
                'connection': str(self.pc.connection_state),
                'ice': str(self.pc.ice_connection_state),
                'signaling': str(self.pc.signaling_state),
            },
        }


def camel(name):
    first, *rest = name.split('_')
    return first + ''.join(word.capitalize() for word in rest)


def plain(value):
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


async def lines():
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main():
    peers = {}  # by the argument `on`, 0 if there is none
    reader = await lines()
    print(json.dumps({'ok': {'version': version()}}), flush=True)
    while line := await reader.readline():
        request = json.loads(line)
        verb, args = request['verb'], request['args']
        try:
            if verb == 'close' and 'on' not in args:
                for peer in peers.values():
                    await peer.close(args)
                answer = {'ok': None}
            else:
                peer = peers.setdefault(args.get('on', 0), Peer())
                answer = {'ok': await getattr(peer, verb)(args)}
        except Exception as error:  # every failure is an answer
            answer = {'error': f'{verb}: {type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


def version():
    from importlib.metadata import version as of

    return f'wrtc {of("wrtc")}'


if __name__ == '__main__':
    asyncio.run(main())
