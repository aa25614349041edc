// A STUN server (RFC 8489): tells whoever asks which address it is seen from. `node stun.js HOST PORT`.

import { createSocket } from 'node:dgram';

const [, , host, port] = process.argv;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const COOKIE = 0x2112a442;
const HEADER = 20;

const socket = createSocket('udp4');
socket.on('message', (request, { address, port: from }) => {
  if (request.length < HEADER || request.readUInt16BE(0) !== BINDING_REQUEST || request.readUInt32BE(4) !== COOKIE) return;
  const answer = Buffer.alloc(HEADER + 12);
  request.copy(answer, 4, 4, HEADER);
  answer.writeUInt16BE(BINDING_SUCCESS, 0);
  answer.writeUInt16BE(12, 2);
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER);
  answer.writeUInt16BE(8, HEADER + 2);
  answer.writeUInt8(1, HEADER + 5);
  answer.writeUInt16BE(from ^ (COOKIE >>> 16), HEADER + 6);
  const octets = address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  answer.writeUInt32BE((octets ^ COOKIE) >>> 0, HEADER + 8);
  socket.send(answer, from, address);
});
socket.bind(Number(port), host);
