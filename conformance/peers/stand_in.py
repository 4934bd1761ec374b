"""Stands in for the program under test: the contract of `siskin echo --stdio` and `siskin dial --stdio`, by libwebrtc.

The harness checks itself with it: what fails here is the harness's or the machine's fault. It knows the options that the
harness gives, not all of siskin's.
"""

import asyncio
import json
import os
import sys
import time

from libwebrtc import Peer, lines, payload


def say(line):
    print(json.dumps(line), flush=True)


def channels(args):
    """--channel LABEL and what binds to it."""
    made = []
    names = {'--max-retransmits': 'maxRetransmits', '--max-lifetime': 'maxPacketLifeTime', '--protocol': 'protocol'}
    args = iter(args)
    for arg in args:
        if arg == '--channel':
            made.append({'label': next(args), 'init': {}})
        elif arg == '--unordered':
            made[-1]['init']['ordered'] = False
        elif arg == '--negotiated':
            made[-1]['init'].update(negotiated=True, id=int(next(args)))
        elif arg in names:
            value = next(args)
            made[-1]['init'][names[arg]] = value if arg == '--protocol' else int(value)
    return made or [{'label': 'siskin', 'init': {}}]


def option(args, name, default):
    return int(args[args.index(name) + 1]) if name in args else default


async def report(peer, began, error):
    stats = await peer.stats({})
    logs = [(c.sent, c.received) for c in peer.channels]
    say(
        {
            'report': {
                'v': 1,
                'connect_ms': began,
                'pair': stats['pair'],
                'dtls': {'version': stats['transport']['tlsVersion'], 'cipher': stats['transport']['dtlsCipher']},
                'srtp': None,
                'sctp': {},
                'bytes': {'sent': sum(s.bytes for s, _ in logs), 'received': sum(r.bytes for _, r in logs)},
                'messages': {'sent': sum(s.messages for s, _ in logs), 'received': sum(r.messages for _, r in logs)},
                'rtt_ms': {},
                'error': error,
            }
        }
    )
    peer.pc.close()
    await asyncio.sleep(0.1)
    os._exit(0 if error is None else 1)


async def trickled(peer):
    while True:
        for candidate in (await peer.candidates({}))['candidates']:
            say(candidate)
            if not candidate['candidate']:
                return
        await asyncio.sleep(0.01)


async def main(role, args):
    peer, reader = Peer(), await lines()
    eof = asyncio.Event()
    trickle = '--trickle' in args
    if role == 'dial':
        offer = await peer.offer({'channels': channels(args), 'trickle': trickle})
        say({'type': 'offer', 'sdp': offer['sdp']})
        if trickle:
            asyncio.ensure_future(trickled(peer))
        answer = json.loads(await reader.readline())
        await peer.accept(answer)
    else:
        offer = json.loads(await reader.readline())
        answer = await peer.answer({'sdp': offer['sdp'], 'trickle': trickle})
        say({'type': 'answer', 'sdp': answer['sdp']})
        if trickle:
            asyncio.ensure_future(trickled(peer))

    async def more():
        while line := await reader.readline():
            await peer.add({'candidate': json.loads(line)})
        eof.set()

    rest = asyncio.ensure_future(more())
    began = time.monotonic()
    await peer.opened({'count': len(peer.channels) if role == 'dial' else 1, 'ms': 30000})
    began = round((time.monotonic() - began) * 1000)

    def over():
        return eof.is_set() or all(c.dc.ready_state in ('closing', 'closed') for c in peer.channels)

    error = None
    if role == 'dial':
        count, size = option(args, '--count', 1), option(args, '--size', 64)
        reliable = [c for c in peer.channels if c.dc.max_retransmits is None and c.dc.max_packet_life_time is None]

        async def send(channel):
            for number in range(count):
                if channel.dc.ready_state != 'open':
                    break
                await channel.send(payload('binary', size, number))
                await asyncio.sleep(0)

        sending = asyncio.gather(*(send(channel) for channel in peer.channels))
        patience = time.monotonic() + 60
        while not over() and time.monotonic() < patience:
            if sending.done() and all(c.received.messages >= count for c in reliable):
                await asyncio.sleep(0 if len(reliable) == len(peer.channels) else 1)
                break
            await asyncio.sleep(0.002)
        wrong = [c for c in reliable if c.sent.digest() != c.received.digest()]
        if wrong or any(c.received.messages < count for c in reliable):
            error = {'code': 'echo', 'message': f'{len(wrong)} channels without all their echoes'}
    else:
        while not over():
            await asyncio.sleep(0.002)
    rest.cancel()
    await report(peer, began, error)


asyncio.run(main(sys.argv[1], sys.argv[2:]))
