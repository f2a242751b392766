import { Type } from 'typebox';
import { Name, Ulid } from '../../contracts/common.ts';
import { ClusteringState } from '../../contracts/feedback.ts';

/** Which feedback is meant. */
export const conditions = {
  source: Type.Optional(Name),
  kind: Type.Optional(Type.Union([Type.Literal('feedback'), Type.Literal('error')])),
  status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
  clustering: Type.Optional(ClusteringState),
  cluster: Type.Optional(Ulid),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Words of title and body; "a phrase", -without, or',
    }),
  ),
};
