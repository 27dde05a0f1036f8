/** Whoever edits worker groups (a person, a tool), masters hear of it at once; they poll behind the hint. */
export const workerGroupHint = /* sql */ `
CREATE FUNCTION failover_notify_worker_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('failover_worker_group', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER failover_worker_group_hint AFTER INSERT OR UPDATE OR DELETE ON t_ds_worker_group
  FOR EACH STATEMENT EXECUTE FUNCTION failover_notify_worker_group();
`;
