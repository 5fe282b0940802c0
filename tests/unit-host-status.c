/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host: what an owner learns of the host, and nobody else. */
#include "door-peer.h"

static void send_status(struct wire_peer *p, int action)
{
	struct message message = { .type = WIRE_STATUS };
	message.status.request = ++p->request;
	message.status.action = (uint8_t)action;
	wire_put(p, &message);
}

/* The value with this name: *value is filled in. */
static bool find_value(struct wire_bytes records, const char *name, struct wire_value *value)
{
	struct message message;
	while (wire_record(&records, &message, WIRE_VALUE))
		if (wire_text_is(message.value.name, name)) {
			*value = message.value;
			return true;
		}
	return false;
}

static void an_owner_learns_what_is_used_of_each_limit(void **state)
{
	struct world *w = door_world_over(HOST_ACCESS_OPEN, &(struct host_limits){ .peers = 50, .rooms = 20 }, NULL);
	struct wire_peer *owner = door_owner(w);
	struct message message;
	struct wire_value value;
	door_member(w, 7, "ann", 0, "ann");
	wire_skip(owner);
	send_status(owner, STATUS_TELL);
	wire_expect(owner, &message, WIRE_REPORT);
	assert_int_equal(message.report.request, owner->request);
	assert_true(find_value(message.report.records, "connections", &value));
	assert_int_equal(value.used, 2);
	assert_int_equal(value.most, 50);
	assert_true(find_value(message.report.records, "rooms", &value));
	assert_int_equal(value.used, 1);
	assert_int_equal(value.most, 20);
	assert_true(find_value(message.report.records, "members", &value));
	assert_int_equal(value.used, 2);
	assert_int_equal(value.most, 0);
	world_free(w);
}

static void nobody_else_is_told_or_may_have_copies(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *ann = door_member(w, 7, "ann", 0, "ann");
	send_status(ann, STATUS_TELL);
	wire_expect_error(ann, ann->request, TCHAT_ERR_NOT_ALLOWED);
	send_status(ann, STATUS_BACKUP);
	wire_expect_error(ann, ann->request, TCHAT_ERR_NOT_ALLOWED);
	wire_expect_nothing(ann);
	world_free(w);
}

static void an_unknown_action_is_refused(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w);
	send_status(owner, 9);
	wire_expect_error(owner, owner->request, TCHAT_ERR_BAD_KIND);
	world_free(w);
}

static void a_history_in_memory_has_no_copy(void **state)
{
	struct world *w = door_world(HOST_ACCESS_OPEN);
	struct wire_peer *owner = door_owner(w);
	struct host_event event;
	bool told = false;
	send_status(owner, STATUS_BACKUP);
	wire_expect_error(owner, owner->request, TCHAT_ERR_NOT_KEPT);
	while (host_next_event(w->host, &event))
		if (event.type == HOST_EVENT_BACKUP) {
			assert_int_equal(event.code, TCHAT_ERR_NOT_KEPT);
			told = true;
		}
	assert_true(told);
	world_free(w);
}

static void add_ours(void *arg, struct host_report *report)
{
	host_report_add(report, "ours", *(const int *)arg, 9, NULL);
	host_report_add(report, "sandbox", 0, 0, "on");
}

static void the_caller_adds_what_it_knows(void **state)
{
	int ours = 4;
	struct trust_pin host = door_pin(HOST_KEY), key = door_pin(OWNER_KEY);
	struct world *w = world_make(NULL, NULL, &(struct host_config){ .pin = &host, .owner = &key, .report = add_ours,
	                                                                .report_arg = &ours });
	struct wire_peer *owner = door_owner(w);
	struct message message;
	struct wire_value value;
	send_status(owner, STATUS_TELL);
	wire_until(owner, &message, WIRE_REPORT);
	assert_true(find_value(message.report.records, "ours", &value));
	assert_int_equal(value.used, 4);
	assert_int_equal(value.most, 9);
	assert_true(find_value(message.report.records, "sandbox", &value));
	assert_true(wire_text_is(value.text, "on"));
	world_free(w);
}

static void what_is_reconfigured_holds_for_who_comes_then(void **state)
{
	struct world *w = door_world(HOST_ACCESS_INVITE);
	struct wire_peer *owner = door_owner(w);
	struct message message;
	struct wire_value value;
	door_refused(w, 7, "ann", 0, TCHAT_ERR_NOT_INVITED);
	assert_int_equal(host_reconfigure(w->host, &(struct host_config){ .access = HOST_ACCESS_OPEN, .limits = { .peers = 30 },
	                                                                   .motd = "welcome" }), 0);
	struct wire_peer *ann = door_connect(w, 7);
	door_auth(ann, 7, "ann", 0);
	wire_until(ann, &message, WIRE_AUTH_OK);
	assert_true(wire_text_is(message.auth_ok.motd, "welcome"));
	wire_skip(owner);
	send_status(owner, STATUS_TELL);
	wire_until(owner, &message, WIRE_REPORT);
	assert_true(find_value(message.report.records, "connections", &value));
	assert_int_equal(value.most, 30);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_learns_what_is_used_of_each_limit),
		cmocka_unit_test(nobody_else_is_told_or_may_have_copies),
		cmocka_unit_test(an_unknown_action_is_refused),
		cmocka_unit_test(a_history_in_memory_has_no_copy),
		cmocka_unit_test(the_caller_adds_what_it_knows),
		cmocka_unit_test(what_is_reconfigured_holds_for_who_comes_then),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
