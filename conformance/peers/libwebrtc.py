"""libwebrtc as a peer of the conformance harness: the verbs of page.html, over JSON lines.

In: {"verb": "offer", "args": {...}}. Out, one line for each: {"ok": ...} or {"error": "..."}.
"""

import asyncio
import hashlib
import json
import struct
import sys
import time

import webrtc


class Log:
    """Messages in order; kind and length are hashed with the bytes."""

    def __init__(self):
        self.hash = hashlib.sha256()
        self.messages = self.bytes = self.texts = 0

    def add(self, data):
        text = isinstance(data, str)
        raw = data.encode() if text else data
        self.hash.update(struct.pack('>BI', text, len(raw)))
        self.hash.update(raw)
        self.messages += 1
        self.bytes += len(raw)
        self.texts += text

    def digest(self):
        return {'messages': self.messages, 'bytes': self.bytes, 'texts': self.texts, 'sha256': self.hash.hexdigest()}


class Channel:
    def __init__(self, dc, echo, hold=0):
        self.dc = dc
        self.sent, self.received = Log(), Log()
        self.backlog = asyncio.Queue()
        # The echo of this message, and what follows, waits for `release`; 0 for none.
        self.hold, self.release = hold, asyncio.Event()
        dc.binary_type = 'arraybuffer'
        dc.on('message', self.message)
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
        while self.dc.buffered_amount > 1 << 20 and self.dc.ready_state == 'open':
            await asyncio.sleep(0.001)
        if self.dc.ready_state == 'open':
            self.dc.send(data)
            self.sent.add(data)

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
        }


def payload(kind, size, number):
    """Any bytes that differ from message to message; text has more than ASCII in it."""
    if kind == 'text':
        start = f'{number} Grüße 漢字 🐦 '
        used = len(start.encode())
        return 'x' * size if used > size else start + 'x' * (size - used)
    return hashlib.shake_128(str(number).encode()).digest(size)


class Peer:
    """One connection at a time."""

    def __init__(self):
        self.pc = None
        self.channels = []
        self.pending = []

    def state(self):
        if self.pc is None:
            return 'no connection'
        names = ' '.join(f'{c.dc.label}:{c.dc.ready_state}' for c in self.channels)
        return f'ice {self.pc.ice_connection_state}, connection {self.pc.connection_state}, channels {names or "none"}'

    async def until(self, what, ms, test):
        end = time.monotonic() + ms / 1000
        while not test():
            if time.monotonic() > end:
                raise TimeoutError(f'{what}: not within {ms} ms ({self.state()})')
            await asyncio.sleep(0.002)

    def start(self, echo, hold=0):
        if self.pc is not None:
            self.pc.close()
        self.pc = webrtc.RTCPeerConnection()
        self.channels, self.pending = [], []
        self.hold = hold
        self.pc.on('datachannel', lambda event: self.channels.append(Channel(event.channel, echo, hold)))
        self.pc.on('icecandidate', self.candidate)

    def candidate(self, event):
        c = event.candidate
        if c and c.candidate:
            self.pending.append({'candidate': c.candidate, 'sdpMid': c.sdp_mid, 'sdpMLineIndex': c.sdp_m_line_index})
        else:
            self.pending.append({'candidate': ''})

    def create(self, args, echo):
        for channel in args.get('channels') or []:
            init = channel.get('init') or {}
            made = webrtc.RTCDataChannelInit(
                ordered=init.get('ordered', True),
                max_retransmits=init.get('maxRetransmits'),
                max_packet_life_time=init.get('maxPacketLifeTime'),
                protocol=init.get('protocol', ''),
                negotiated=init.get('negotiated', False),
                id=init.get('id'),
            )
            self.channels.append(Channel(self.pc.create_data_channel(channel['label'], made), echo, self.hold))

    def find(self, label):
        for channel in self.channels:
            if channel.dc.label == label:
                return channel
        raise LookupError(f'no channel {label!r} ({self.state()})')

    async def local(self, description, trickle):
        await self.pc.set_local_description(description)
        if not trickle:
            await self.until('gathering candidates', 10000, lambda: self.pc.ice_gathering_state == 'complete')
        return {'sdp': self.pc.local_description.sdp}

    async def remote(self, kind, sdp):
        await self.pc.set_remote_description(webrtc.RTCSessionDescriptionInit(type=kind, sdp=sdp))

    async def offer(self, args):
        self.start(False)
        for kind in args.get('media') or []:
            self.pc.add_transceiver(kind, webrtc.RTCRtpTransceiverInit(direction='recvonly'))
        self.create(args, False)
        return await self.local(await self.pc.create_offer(), args.get('trickle'))

    async def answer(self, args):
        self.start(True, args.get('hold', 0))
        self.create(args, True)
        await self.remote('offer', args['sdp'])
        return await self.local(await self.pc.create_answer(), args.get('trickle'))

    async def accept(self, args):
        await self.remote('answer', args['sdp'])
        active = ('sendrecv', 'sendonly', 'recvonly')
        return {'media': sum(str(t.current_direction) in active for t in self.pc.get_transceivers())}

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

    async def opened(self, args):
        def opened():
            return [c for c in self.channels if c.dc.ready_state == 'open']

        await self.until(f'{args["count"]} open channels', args['ms'], lambda: len(opened()) >= args['count'])
        return {'channels': [c.describe() for c in opened()]}

    async def exchange(self, args):
        channel = self.find(args['label'])
        channel.sent, channel.received = Log(), Log()
        end = time.monotonic() + args['ms'] / 1000
        number = 0
        for message in args['messages']:
            for _ in range(message.get('count', 1)):
                await channel.send(payload(message['kind'], message['size'], number))
                number += 1
        seen, since = -1, time.monotonic()
        while channel.received.messages < number:
            now = time.monotonic()
            if channel.received.messages != seen:
                seen, since = channel.received.messages, now
            if args.get('patience') and now - since > args['patience'] / 1000:
                break
            if now > end:
                raise TimeoutError(f'{seen} of {number} echoes within {args["ms"]} ms ({self.state()})')
            await asyncio.sleep(0.002)
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def release(self, args):
        for channel in self.channels:
            channel.release.set()

    async def received(self, args):
        label, count, ms = args['label'], args['count'], args['ms']
        await self.until(f'channel {label}', ms, lambda: any(c.dc.label == label for c in self.channels))
        channel = self.find(label)
        await self.until(f'{count} messages on {label}', ms, lambda: channel.received.messages >= count)
        return {'sent': channel.sent.digest(), 'received': channel.received.digest()}

    async def close_channel(self, args):
        channel = self.find(args['label'])
        channel.dc.close()
        await self.until(f'closing {args["label"]}', args['ms'], lambda: channel.dc.ready_state == 'closed')

    async def ended(self, args):
        await self.until(
            'the end of the connection', args['ms'], lambda: all(c.dc.ready_state == 'closed' for c in self.channels)
        )
        return {'connection': str(self.pc.connection_state)}

    async def close(self, args):
        if self.pc is not None:
            self.pc.close()

    async def stats(self, args):
        report = await self.pc.get_stats()

        def get(entry, *names):
            return {camel(name): plain(getattr(entry, name, None)) for name in names}

        def of(kind):
            return [entry for entry in report.values() if getattr(entry, 'type', '') == kind]

        transport = (of('transport') or [None])[0]
        pair = report.get(getattr(transport, 'selected_candidate_pair_id', None) or '')

        def side(name):
            return get(report.get(getattr(pair, name, None) or ''), 'candidate_type', 'protocol', 'address')

        found = get(pair, 'state', 'nominated', 'bytes_sent', 'bytes_received')
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
    peer = Peer()
    reader = await lines()
    print(json.dumps({'ok': {'version': version()}}), flush=True)
    while line := await reader.readline():
        request = json.loads(line)
        try:
            answer = {'ok': await getattr(peer, request['verb'])(request['args'])}
        except Exception as error:  # every failure is an answer
            answer = {'error': f'{request["verb"]}: {type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


def version():
    from importlib.metadata import version as of

    return f'wrtc {of("wrtc")}'


if __name__ == '__main__':
    asyncio.run(main())
