import { Type, type Static } from 'typebox';
import { Name, Reason, ref, Timestamp } from './common.ts';

/** POST /v1/projects/:project/emergency-stop and …/emergency-stop/release: one service, or all of the project. */
export const EmergencyStopInput = Type.Object(
  {
    service: Type.Optional(Name),
    all: Type.Optional(Type.Literal(true)),
    reason: Reason,
  },
  { $id: 'EmergencyStopInput', additionalProperties: false },
);
export type EmergencyStopInput = Static<typeof EmergencyStopInput>;

/** A stop that holds: nothing moves but towards the stable version until a person releases it. */
export const EmergencyStop = Type.Object(
  {
    service: Type.String({ description: 'A service, or * for all of the project' }),
    reason: Type.String(),
    by: Type.String(),
    at: Timestamp,
  },
  { $id: 'EmergencyStop' },
);
export type EmergencyStop = Static<typeof EmergencyStop>;

export const EmergencyStopList = Type.Object(
  {
    items: Type.Array(ref(EmergencyStop)),
    changed: Type.Optional(
      Type.Array(Type.String(), { description: 'Services whose desired state this call changed' }),
    ),
  },
  { $id: 'EmergencyStopList' },
);
export type EmergencyStopList = Static<typeof EmergencyStopList>;
