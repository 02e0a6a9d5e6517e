"""The incremental export of ticket events, and jobs that take their time."""

from __future__ import annotations

from tests.connectors.sandbox.parts import Api, Clock, Play


def test_a_comment_is_only_hinted_at_unless_it_is_asked_for(api: Api, play: Play, clock: Clock) -> None:
    start = int(clock().timestamp()) - 3600
    play.ticket()
    clock.step(minutes=2)

    plain = api.read(f"incremental/ticket_events?start_time={start}")
    whole = api.read(f"incremental/ticket_events?start_time={start}&include=comment_events")

    (hinted, *_), (told, *_) = (found["ticket_events"][0]["child_events"] for found in (plain, whole))
    assert (hinted["comment_present"], "body" in hinted) == (True, False)
    assert (told["event_type"], bool(told["body"]), told["public"]) == ("Comment", True, True)
    assert whole["end_of_stream"] is True


def test_the_last_minute_is_not_exported(api: Api, play: Play, clock: Clock) -> None:
    start = int(clock().timestamp()) - 3600
    play.ticket()

    found = api.read(f"incremental/ticket_events?start_time={start}")
    refused = api("GET", f"incremental/ticket_events?start_time={int(clock().timestamp())}")

    assert (found["ticket_events"], found["count"]) == ([], 0)
    assert refused.status_code == 400


def test_a_job_runs_for_as_long_as_told(api: Api, play: Play) -> None:
    ticket_id = play.ticket()
    play("limits", job_seconds=60.0, jobs=1)
    job = api("PUT", "tickets/update_many", tickets=[{"id": ticket_id, "priority": "low"}]).json()["job_status"]

    too_many = api("PUT", "tickets/update_many", tickets=[{"id": ticket_id, "priority": "high"}])
    running = api.read(f"job_statuses/show_many?ids={job['id']}")["job_statuses"]

    assert (too_many.status_code, too_many.json()["error"]) == (429, "TooManyJobs")
    assert [(one["status"], one["results"]) for one in running] == [("working", None)]


def test_many_tickets_come_with_people_and_counts_where_asked_for(api: Api, play: Play) -> None:
    ticket_id = play.ticket()

    plain = api.read(f"tickets/show_many?ids={ticket_id}")
    full = api.read(f"tickets/show_many?ids={ticket_id}&include=users,comment_count")

    assert "users" not in plain
    assert "comment_count" not in plain["tickets"][0]
    assert full["tickets"][0]["comment_count"] == 1
    assert full["tickets"][0]["requester_id"] in {user["id"] for user in full["users"]}
