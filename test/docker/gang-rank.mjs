// A rank of a gang of two: rank 1 calls rank 0 at the rendezvous; rank 0 then serves the models' list.
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';

const [rank, address, head, port, endpointPort] = process.argv.slice(2);

if (rank === '0') {
  createServer((socket) => {
    console.log(`met ${socket.remoteAddress}`);
    createHttpServer((_request, answer) => answer.end('{"data":[{"id":"gang"}]}')).listen(
      Number(endpointPort),
      address,
    );
  }).listen(Number(port), head);
} else {
  const call = () =>
    connect({ host: head, port: Number(port), localAddress: address })
      .on('connect', () => console.log('met the head'))
      .on('error', () => setTimeout(call, 100));
  call();
}
