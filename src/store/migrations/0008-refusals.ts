/**
 * What an operator's request was refused with, as JSON: a copy of it that reaches another master later is answered
 * alike. Otherwise somebody who was told no might find it carried out.
 */
export const refusals = /* sql */ `
ALTER TABLE t_ds_operator_request ADD COLUMN refusal text;
`;
