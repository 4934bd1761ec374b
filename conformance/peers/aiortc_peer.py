"""aiortc as a peer of the conformance harness: of the verbs of page.html, those that one channel takes."""

import asyncio
import json

import aiortc
from libwebrtc import Log, lines, payload


class Peer:
    def __init__(self):
        self.pc, self.dc = None, None

    async def wait(self, what, ms, test):
        end = asyncio.get_running_loop().time() + ms / 1000
        while not test():
            if asyncio.get_running_loop().time() > end:
                raise TimeoutError(f'{what}: not within {ms} ms ({self.pc.connectionState}, {self.dc})')
            await asyncio.sleep(0.002)

    def start(self, echo, hold=0):
        # Without a configuration it would ask a public server for its address.
        self.pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.echo, self.hold, self.held = echo, hold, []
        self.sent, self.received = Log(), Log()
        self.pc.on('datachannel', self.adopt)

    def adopt(self, dc):
        self.dc = dc
        dc.on('message', self.message)

    def message(self, data):
        self.received.add(data)
        if self.echo:
            self.held.append(data)
            if self.received.messages != self.hold:
                self.flush()

    def flush(self):
        held, self.held = self.held, []
        for data in held:
            self.say(data)

    def say(self, data):
        self.dc.send(data)
        self.sent.add(data)

    async def described(self, description):
        await self.pc.setLocalDescription(description)
        return {'sdp': self.pc.localDescription.sdp}

    async def offer(self, args):
        self.start(False)
        self.adopt(self.pc.createDataChannel(args['channels'][0]['label']))
        return await self.described(await self.pc.createOffer())

    async def accept(self, args):
        await self.pc.setRemoteDescription(aiortc.RTCSessionDescription(args['sdp'], 'answer'))
        return {'media': 0}

    async def answer(self, args):
        self.start(True, args.get('hold', 0))
        await self.pc.setRemoteDescription(aiortc.RTCSessionDescription(args['sdp'], 'offer'))
        return await self.described(await self.pc.createAnswer())

    async def opened(self, args):
        await self.wait('an open channel', args['ms'], lambda: self.dc and self.dc.readyState == 'open')

    async def exchange(self, args):
        number = 0
        for message in args['messages']:
            for _ in range(message.get('count', 1)):
                self.say(payload(message['kind'], message['size'], number))
                number += 1
        await self.wait('echoes', args['ms'], lambda: self.received.messages >= number)
        return self.counts()

    async def received(self, args):
        await self.wait('messages', args['ms'], lambda: self.received.messages >= args['count'])
        return self.counts()

    def counts(self):
        return {'sent': self.sent.digest(), 'received': self.received.digest()}

    async def release(self, args):
        self.flush()

    async def stats(self, args):
        transport = self.pc.sctp.transport
        version = transport._ssl.get_protocol_version_name()
        counted = self.received.digest()
        channel = {
            'label': self.dc.label,
            'messagesReceived': counted['messages'],
            'bytesReceived': counted['bytes'],
        }
        return {
            'transport': {
                'dtlsState': transport.state,
                'tlsVersion': {'DTLSv1.2': 'FEFD', 'DTLSv1.3': 'FEFC'}.get(version, version),
                'dtlsCipher': transport._ssl.get_cipher_name(),
            },
            'pair': {'state': 'succeeded' if self.pc.iceConnectionState == 'completed' else 'failed'},
            'channels': [channel],
            'states': {'connection': self.pc.connectionState},
        }

    async def ended(self, args):
        await self.wait('the end', args['ms'], lambda: self.pc.connectionState in ('closed', 'failed'))

    async def close(self, args):
        if self.pc is not None:
            await self.pc.close()


async def main():
    peer = Peer()
    reader = await lines()
    print(json.dumps({'ok': {'version': f'aiortc {aiortc.__version__}'}}), flush=True)
    while line := await reader.readline():
        request = json.loads(line)
        verb = request['verb']
        try:
            call = getattr(Peer, verb)
            answer = {'ok': await call(peer, request['args'])}
        except Exception as error:  # every failure is an answer
            answer = {'error': f'{verb}: {type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    asyncio.run(main())
