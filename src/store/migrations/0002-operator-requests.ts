/**
 * Requests of operators that were carried out, by the id that the operator chose: a repetition is answered alike and
 * not done again, also when the command that the first one made was claimed long ago.
 */
export const operatorRequests = /* sql */ `
CREATE TABLE t_ds_operator_request (
  request_id varchar(64) PRIMARY KEY, workflow_instance_id int, create_time timestamp
);
`;
