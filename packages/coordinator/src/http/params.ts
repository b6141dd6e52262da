/** Path parameters that several routes have. */
import { Type } from 'typebox';

export const NodeParams = Type.Object({ node: Type.String({ description: 'Name or id.' }) });
export const IdParams = Type.Object({ id: Type.String() });
