-- Everything that 0001 made. The schema itself belongs to the roles' preparation and stays, with Alembic's own table.
DO $$
DECLARE thing record;
BEGIN
  FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p
    WHERE p.pronamespace = 'app'::regnamespace AND p.proowner = 'waybill_doors'::regrole LOOP
    EXECUTE format('DROP FUNCTION %s', thing.name);
  END LOOP;
  FOR thing IN SELECT c.relname AS name FROM pg_class c
    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> 'alembic_version' LOOP
    EXECUTE format('DROP TABLE app.%I CASCADE', thing.name);
  END LOOP;
  DROP FUNCTION app.drop_month();
  DROP FUNCTION app.ensure_partitions(integer);
  DROP FUNCTION app.partition_key(text);
  DROP FUNCTION app.next_runs(integer, integer);
  DROP FUNCTION app.suspend_asked(uuid, uuid);
  DROP FUNCTION app.note_suspensions(uuid[], uuid[]);
  DROP FUNCTION app.suspension(json, json);
  DROP FUNCTION app.suspension_message(json, uuid, integer, timestamptz);
  DROP FUNCTION app.take_calls(uuid, uuid, integer, integer, double precision, integer);
  DROP FUNCTION app.call_from_line(uuid, uuid, integer);
  DROP FUNCTION app.line_waits_until(double precision);
  DROP FUNCTION app.line_of(uuid, text, text, integer);
  DROP FUNCTION app.tell_peak(uuid, text, bigint);
  DROP FUNCTION app.key_moment(text);
  DROP FUNCTION app.quota_standing();
  DROP FUNCTION app.tell_quota(uuid, uuid, text, bigint, bigint, smallint);
  DROP FUNCTION app.next_turn(uuid, smallint);
  DROP FUNCTION app.take_places(uuid, bigint, bigint, bigint, integer);
  DROP FUNCTION app.mind_key();
  DROP FUNCTION app.pass_keys(integer);
  DROP FUNCTION app.pass_key(uuid, uuid, text, text);
  DROP FUNCTION app.add_key_writer(uuid, uuid, text, text);
  DROP FUNCTION app.waits_for_key(uuid, timestamptz, text, text);
  DROP FUNCTION app.key_holder(uuid, uuid);
  DROP FUNCTION app.key_lock(uuid, text, text);
  DROP FUNCTION app.note_effect();
  DROP FUNCTION app.note_question(uuid, uuid, text, json);
  DROP FUNCTION app.write_effect(uuid, uuid, text, integer, timestamptz, text, text, json);
  DROP FUNCTION app.is_held(json);
  DROP FUNCTION app.note_exception_of_run();
  DROP FUNCTION app.note_exception_of_outage();
  DROP FUNCTION app.note_exception_of_entry();
  DROP FUNCTION app.is_undecided(text, text, text);
  DROP FUNCTION app.note_exception(uuid, text, uuid, text, text);
  DROP FUNCTION app.exception_of(text, json);
  DROP FUNCTION app.parked_cause(json);
  DROP FUNCTION app.exception_mark(text, uuid, text, text);
  DROP FUNCTION app.error_type(json);
  DROP FUNCTION app.failed_over();
  DROP FUNCTION app.timeline_now();
  DROP FUNCTION app.log_position();
  DROP FUNCTION app.month_floor(date);
  DROP FUNCTION app.new_id();
  DROP FUNCTION app.show_id(text, uuid);
  DROP FUNCTION app.tenant_id();
  DROP FUNCTION app.partner_id();
  DROP FUNCTION app.is_operator();
  DROP SEQUENCE app.virtual_clock;
END $$;
