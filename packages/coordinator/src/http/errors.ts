/** Every failure leaves as one ErrorBody, whoever raised it. */

import type { Socket } from 'node:net';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiServer } from './api-server.ts';

/** Failures of routes, and requests for which there is none. */
export function answerErrors(server: ApiServer): void {
  server.setErrorHandler((thrown, request, reply) => answer(asDsr1Error(thrown), request, reply));
  server.setNotFoundHandler((request, reply) => {
    const error = new Dsr1Error(
      'NOT_FOUND',
      `there is no ${request.method} ${request.url.split('?', 1)[0]}`,
      {
        hint: 'GET /api/v1/openapi.json lists all routes',
      },
    );
    return answer(error, request, reply);
  });
}

/** Failures before there is a route: a path that is no URL, bytes that are no HTTP. */
export const EARLY_ERRORS = {
  frameworkErrors: (thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void =>
    void answer(asDsr1Error(thrown), request, reply),
  clientErrorHandler: (thrown: Error & { code?: string }, socket: Socket): void => {
    if (thrown.code === 'ECONNRESET' || !socket.writable) return;
    const error = new Dsr1Error('INVALID_ARGUMENT', 'the request is not HTTP', {
      details: { reason: thrown.code },
    });
    const body = JSON.stringify(error.toBody());
    socket.end(
      `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  },
};

function answer(error: Dsr1Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.entry.http >= 500) request.log.error({ err: error }, 'request failed');
  if (error.code === 'UNAUTHENTICATED')
    reply.header('www-authenticate', 'Bearer, Basic realm="dsr1", charset="UTF-8"');
  return reply
    .code(error.entry.http)
    .type('application/json')
    .send(JSON.stringify(bodyOf(error)));
}

/** A defect's message may hold anything, so it stays in the log. */
function bodyOf(error: Dsr1Error) {
  if (error.code !== 'INTERNAL') return error.toBody();
  return new Dsr1Error('INTERNAL', 'the coordinator failed to answer', {
    hint: 'its log says why (`journalctl -u dsr1-coordinator`)',
  }).toBody();
}

function asDsr1Error(thrown: unknown): Dsr1Error {
  if (thrown instanceof Dsr1Error) return thrown;
  const { statusCode, code, message } = thrown as Partial<FastifyError>;
  // Fastify's own refusals: broken JSON, a body over the limit, an unknown content type, an overlong URL.
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new Dsr1Error('INVALID_ARGUMENT', `the request cannot be read: ${message}`, {
      cause: thrown,
      details: { reason: code },
    });
  }
  return toDsr1Error(thrown);
}
