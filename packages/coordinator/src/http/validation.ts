/** Requests against their schemas, with the messages of shared/schema.ts; nothing is removed, filled in or bent in bodies. */
import { problemsOf, schemaError } from '@dsr1/shared/schema';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

const NAMES: Readonly<Record<string, string>> = {
  body: 'request body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/** Path and query are text on the wire, so they are converted to the types that the schema asks for. */
export const compileValidator: FastifySchemaCompiler<TSchema> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const value = httpPart === 'querystring' || httpPart === 'params' ? Value.Convert(schema, data) : data;
    const problems = problemsOf(schema, value);
    return problems.length === 0
      ? { value }
      : { error: schemaError(problems, { what: NAMES[httpPart ?? ''] ?? 'request' }) };
  };
