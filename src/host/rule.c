/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of rules: found by whom they are about, kept one record each. */
#include "host/rule.h"

#include "host/door.h"
#include "host/internal.h"

#include "base/errors.h"
#include "wire/frame.h"
#include "wire/range.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, RECORD_HEAD = 1 + 8 + 1 + 1, LOOK_SECONDS = 3600 };

/* All rules about somebody. */
struct ruled {
	struct subject subject;
	TAILQ_HEAD(, rule) rules;
	UT_hash_handle hh;
};

/* --- Subjects */

struct subject host_subject(enum subject_type type, const void *bytes, size_t length)
{
	struct subject subject = { .type = (uint8_t)type };
	subject.length = (uint8_t)(length < sizeof subject.bytes ? length : sizeof subject.bytes);
	memcpy(subject.bytes, bytes, subject.length);
	return subject;
}

struct subject host_subject_account(const struct account *account)
{
	uint8_t id[4];
	wire_set(id, sizeof id, account->id);
	return host_subject(SUBJECT_ACCOUNT, id, sizeof id);
}

/* Of a number of 64 bits. */
static struct subject subject_number(enum subject_type type, uint64_t number)
{
	uint8_t bytes[8];
	wire_set(bytes, sizeof bytes, number);
	return host_subject(type, bytes, sizeof bytes);
}

struct subject host_subject_guest(uint64_t self)
{
	return subject_number(SUBJECT_GUEST, self);
}

struct subject host_subject_room(uint64_t room)
{
	return subject_number(SUBJECT_ROOM, room);
}

struct subject host_subject_user(const struct user *user)
{
	return user->account != NULL ? host_subject_account(user->account) : host_subject_guest(user->self);
}

bool host_subject_is(const struct subject *a, const struct subject *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static struct subject subject_range(const struct range *range)
{
	uint8_t bytes[sizeof range->address + 1];
	memcpy(bytes, range->address, sizeof range->address);
	bytes[sizeof range->address] = range->bits;
	return host_subject(SUBJECT_ADDRESS, bytes, sizeof bytes);
}

static struct range range_of(const struct subject *subject)
{
	struct range range = { .bits = subject->bytes[sizeof range.address] };
	memcpy(range.address, subject->bytes, sizeof range.address);
	return range;
}

bool host_subject_range(struct subject *subject, const char *text)
{
	struct range range;
	bool fine = range_parse(&range, text);
	if (fine)
		*subject = subject_range(&range);
	return fine;
}

void host_subject_text(const struct subject *subject, char text[RANGE_TEXT])
{
	struct range range = range_of(subject);
	range_format(&range, text);
}

/* --- Finding them */

static struct ruled *ruled_find(struct host *host, const struct subject *subject)
{
	struct ruled *ruled;
	HASH_FIND(hh, host->ruled, subject, sizeof *subject, ruled);
	return ruled;
}

static bool rule_holds(const struct host *host, const struct rule *rule)
{
	return rule->expires == 0 || host->environment->wall(host->environment->arg) < rule->expires;
}

struct rule *host_rule_find(struct host *host, const struct subject *subject, enum wire_rule_kind kind, uint64_t room)
{
	const struct ruled *ruled = ruled_find(host, subject);
	struct rule *rule;
	if (ruled == NULL)
		return NULL;
	TAILQ_FOREACH(rule, &ruled->rules, by_subject)
		if (rule->kind == (uint8_t)kind && rule->room == room)
			return rule_holds(host, rule) ? rule : NULL;
	return NULL;
}

struct rule *host_rule_by_id(struct host *host, uint32_t id)
{
	struct rule *rule;
	HASH_FIND(hh, host->rules, &id, sizeof id, rule);
	return rule;
}

const struct rule *host_rule_of_address(struct host *host, const char *address)
{
	struct range own, range;
	const struct rule *rule;
	if (!range_of_peer(&own, address))
		return NULL;
	TAILQ_FOREACH(rule, &host->rule_list, by_id) {
		if (rule->subject.type != SUBJECT_ADDRESS || !rule_holds(host, rule))
			continue;
		range = range_of(&rule->subject);
		if (range_covers(&range, &own))
			return rule;
	}
	return NULL;
}

bool host_is_ruled(struct host *host, const struct subject *subject)
{
	return host->ruled != NULL && ruled_find(host, subject) != NULL;
}

/* --- Changing them */

static struct ruled *ruled_get(struct host *host, const struct subject *subject)
{
	struct ruled *ruled = ruled_find(host, subject);
	if (ruled != NULL)
		return ruled;
	ruled = calloc(1, sizeof *ruled);
	if (ruled == NULL)
		return NULL;
	ruled->subject = *subject;
	TAILQ_INIT(&ruled->rules);
	HASH_ADD(hh, host->ruled, subject, sizeof ruled->subject, ruled);
	if (ruled->hh.tbl != NULL)
		return ruled;
	free(ruled);
	return NULL;
}

static void ruled_unuse(struct host *host, struct ruled *ruled)
{
	if (!TAILQ_EMPTY(&ruled->rules))
		return;
	HASH_DEL(host->ruled, ruled);
	free(ruled);
}

/* Mostly the last one. */
static void list_insert(struct host *host, struct rule *rule)
{
	struct rule *before = TAILQ_LAST(&host->rule_list, rule_list);
	while (before != NULL && before->id > rule->id)
		before = TAILQ_PREV(before, rule_list, by_id);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&host->rule_list, rule, by_id);
	else
		TAILQ_INSERT_AFTER(&host->rule_list, before, rule, by_id);
}

static int rule_new(struct host *host, const struct subject *subject, int kind, uint64_t room, uint32_t id,
                    struct rule **out)
{
	struct ruled *ruled = ruled_get(host, subject);
	struct rule *rule = ruled == NULL ? NULL : calloc(1, sizeof *rule);
	if (rule == NULL)
		goto fail;
	rule->id = id;
	rule->kind = (uint8_t)kind;
	rule->room = room;
	rule->subject = *subject;
	HASH_ADD(hh, host->rules, id, sizeof rule->id, rule);
	if (rule->hh.tbl == NULL)
		goto fail;
	TAILQ_INSERT_TAIL(&ruled->rules, rule, by_subject);
	list_insert(host, rule);
	*out = rule;
	return 0;
fail:
	free(rule);
	if (ruled != NULL)
		ruled_unuse(host, ruled);
	return TCHAT_ERR_MEMORY;
}

static bool rules_have_place(const struct host *host, uint64_t room)
{
	uint32_t of_room = 0;
	const struct rule *rule;
	/* What anybody may make in rooms of his own leaves place for what keeps order on the host. */
	if (HASH_COUNT(host->rules) >= (room == 0 ? host->limits.rules : host->limits.rules / 2))
		return false;
	if (room == 0)
		return true;
	TAILQ_FOREACH(rule, &host->rule_list, by_id)
		of_room += rule->room == room;
	return of_room < RULES_OF_ROOM;
}

int host_rule_add(struct host *host, const struct subject *subject, int kind, uint64_t room, struct rule **rule)
{
	const struct ruled *ruled = ruled_find(host, subject);
	if (ruled != NULL) {
		TAILQ_FOREACH(*rule, &ruled->rules, by_subject)
			if ((*rule)->kind == (uint8_t)kind && (*rule)->room == room)
				return 0;
	}
	if (!rules_have_place(host, room))
		return TCHAT_ERR_TOO_MANY_RULES;
	uint32_t id = host->last_rule;
	do
		id++;
	while (id == 0 || host_rule_by_id(host, id) != NULL);
	int err = rule_new(host, subject, kind, room, id, rule);
	if (err != 0)
		return err;
	host->last_rule = id;
	(*rule)->since = host->environment->wall(host->environment->arg);
	return 0;
}

void host_rule_free(struct host *host, struct rule *rule)
{
	struct ruled *ruled = ruled_find(host, &rule->subject);
	if (rule->name != NULL)
		host_name_release(host, rule->name);
	TAILQ_REMOVE(&ruled->rules, rule, by_subject);
	ruled_unuse(host, ruled);
	TAILQ_REMOVE(&host->rule_list, rule, by_id);
	HASH_DEL(host->rules, rule);
	free(rule->reason);
	free(rule);
}

void host_rules_forget(struct host *host, const struct subject *subject)
{
	const struct ruled *ruled;
	while ((ruled = ruled_find(host, subject)) != NULL) {
		struct rule *rule = TAILQ_FIRST(&ruled->rules);
		host_keep(host, host_record_rule_gone(host, NULL, rule->id));
		host_rule_free(host, rule);
	}
}

void host_rules_free(struct host *host)
{
	while (!TAILQ_EMPTY(&host->rule_list))
		host_rule_free(host, TAILQ_FIRST(&host->rule_list));
}

/* --- Their records: which room and whom, then the frame that tells of it */

static void rule_message(struct message *message, const struct rule *rule)
{
	memset(message, 0, sizeof *message);
	message->type = WIRE_RULE;
	message->rule.rule = rule->id;
	message->rule.kind = rule->kind;
	message->rule.since = rule->since;
	message->rule.expires = rule->expires;
	message->rule.nick = wire_text(rule->nick[0] == '\0' ? NULL : rule->nick);
	message->rule.by = wire_text(rule->by[0] == '\0' ? NULL : rule->by);
	message->rule.reason = wire_text(rule->reason);
}

static struct pending *record_new(struct host *host, struct host_peer *peer, uint32_t id)
{
	struct pending *pending = host_pending_new(host, peer, STORE_RECORD, 0, 0);
	if (pending == NULL)
		return NULL;
	struct store_record *record = &pending->store.record;
	record->kind = HOST_RECORD_RULE;
	record->key_length = 4;
	wire_set(record->key, 4, id);
	return pending;
}

struct pending *host_record_rule(struct host *host, struct host_peer *peer, const struct rule *rule)
{
	struct message message;
	struct pending *pending = record_new(host, peer, rule->id);
	if (pending == NULL)
		return NULL;
	size_t head = RECORD_HEAD + rule->subject.length;
	rule_message(&message, rule);
	buffer_truncate(&host->scratch, 0);
	bool ok = message_encode(&host->scratch, &message) == 0;
	size_t frame = buffer_length(&host->scratch);
	pending->blob = ok ? malloc(head + frame) : NULL;
	pending->store.record.value = pending->blob != NULL ? (const void *)pending->blob : "";
	pending->store.record.length = STORE_RECORD_MOST + 1; /* without memory: refused */
	if (pending->blob == NULL)
		return pending;
	uint8_t *to = pending->blob;
	to[0] = FORMAT;
	wire_set(to + 1, 8, rule->room);
	to[9] = rule->subject.type;
	to[10] = rule->subject.length;
	memcpy(to + RECORD_HEAD, rule->subject.bytes, rule->subject.length);
	memcpy(to + head, buffer_data(&host->scratch), frame);
	pending->store.record.length = (uint32_t)(head + frame);
	return pending;
}

struct pending *host_record_rule_gone(struct host *host, struct host_peer *peer, uint32_t id)
{
	return record_new(host, peer, id);
}

/* What is said of a rule, out of its frame. */
static int rule_fill(struct rule *rule, const struct wire_rule *read)
{
	rule->since = read->since;
	rule->expires = read->expires;
	wire_copy(rule->nick, sizeof rule->nick, read->nick);
	wire_copy(rule->by, sizeof rule->by, read->by);
	if (read->reason.length == 0)
		return 0;
	rule->reason = strndup((const char *)read->reason.data, read->reason.length);
	return rule->reason == NULL ? TCHAT_ERR_MEMORY : 0;
}

/* A reserved nick is a name of an account that nobody has. A name that somebody has by now stays theirs. */
static int rule_load_nick(struct host *host, struct rule *rule)
{
	struct nick nick;
	if (rule->kind != RULE_RESERVED || !host->secure)
		return 0;
	int err = host_nick_read(host, wire_text(rule->nick), &nick);
	if (err == 0)
		err = host_name_reserve(host, &nick, &rule->name);
	return err == TCHAT_ERR_MEMORY ? err : 0;
}

int host_rule_load(struct host *host, const uint8_t *value, size_t length)
{
	struct frame frame;
	struct message message;
	struct rule *rule;
	if (length < RECORD_HEAD || value[0] != FORMAT || value[10] > sizeof rule->subject.bytes ||
	    length - RECORD_HEAD < value[10])
		return TCHAT_ERR_SYNTAX;
	size_t head = RECORD_HEAD + value[10];
	struct subject subject = host_subject((enum subject_type)value[9], value + RECORD_HEAD, value[10]);
	int size = frame_peek(&frame, value + head, length - head, WIRE_LIMIT);
	if (size <= 0 || (size_t)size != length - head || frame.type != WIRE_RULE ||
	    message_decode(&message, frame.type, frame.payload, frame.length) != 0 ||
	    host_rule_by_id(host, message.rule.rule) != NULL)
		return TCHAT_ERR_SYNTAX;
	int err = rule_new(host, &subject, message.rule.kind, wire_get(value + 1, 8), message.rule.rule, &rule);
	if (err == 0)
		err = rule_fill(rule, &message.rule);
	if (err == 0)
		err = rule_load_nick(host, rule);
	if (err != 0)
		return err;
	if (host->last_rule < rule->id)
		host->last_rule = rule->id;
	host_rules_timed(host, rule->expires);
	return 0;
}

/* --- Time */

void host_rules_timed(struct host *host, uint64_t expires)
{
	uint64_t now = host->environment->wall(host->environment->arg);
	if (expires == 0)
		return;
	/* The wall clock may be set: it is looked at now and then. */
	tchat_time most = TCHAT_SECONDS(LOOK_SECONDS), left = expires > now ? expires - now : 0;
	tchat_time due = host->now + (left < most ? left : most);
	if (due < host->rules_due)
		host->rules_due = due;
}

tchat_time host_rules_deadline(const struct host *host)
{
	return host->rules_due;
}

void host_rules_tick(struct host *host)
{
	if (host->rules_due > host->now)
		return;
	host->rules_due = TCHAT_NEVER;
	struct rule *rule, *next;
	for (rule = TAILQ_FIRST(&host->rule_list); rule != NULL; rule = next) {
		next = TAILQ_NEXT(rule, by_id);
		if (rule_holds(host, rule)) {
			host_rules_timed(host, rule->expires);
			continue;
		}
		struct subject subject = rule->subject;
		host_keep(host, host_record_rule_gone(host, NULL, rule->id));
		host_rule_free(host, rule);
		host_roles_refresh(host, &subject, NULL, NULL);
	}
}

/* --- RULES */

static void rule_strip(struct host *host, struct wire_rule *wire, const struct rule *rule, bool owner,
                       char address[RANGE_TEXT])
{
	if (rule->subject.type == SUBJECT_ADDRESS && owner) {
		host_subject_text(&rule->subject, address);
		wire->address = wire_text(address);
	}
	if (rule->subject.type == SUBJECT_KEY)
		wire->key = (struct wire_bytes){ rule->subject.bytes, rule->subject.length };
	if (rule->subject.type == SUBJECT_ACCOUNT) {
		const struct account *account = host_account_by_id(host, (uint32_t)wire_get(rule->subject.bytes, 4));
		if (account != NULL && !TAILQ_EMPTY(&account->names))
			wire->nick = wire_text(TAILQ_FIRST(&account->names)->shown);
	}
}

void host_rules(struct host_peer *peer, const struct wire_rules *wire)
{
	struct host *host = peer->host;
	struct room *room = wire->room == 0 ? NULL : host_room_by_id(host, wire->room);
	if (wire->room != 0 && room == NULL) {
		host_answer_error(peer, wire->request, TCHAT_ERR_NO_ROOM, WIRE_RULES);
		return;
	}
	if (room != NULL && host_room_is_lobby(room))
		room = NULL;
	if (host_user_rank(host, peer->user, room) < RANK_MODERATOR) {
		host_answer_error(peer, wire->request, TCHAT_ERR_NOT_ALLOWED, WIRE_RULES);
		return;
	}
	uint32_t limit = wire->limit > PAGE_LIMIT ? PAGE_LIMIT : wire->limit, count = 0;
	uint64_t where = room == NULL ? 0 : room->id;
	struct message answer = { .type = WIRE_RULED };
	struct buffer records;
	buffer_init(&records, PAGE_RECORDS);
	const struct rule *rule;
	int err = 0;
	TAILQ_FOREACH(rule, &host->rule_list, by_id) {
		struct message message;
		char address[RANGE_TEXT];
		if (rule->id <= wire->after || rule->room != where || rule->kind >= RULE_PRIVATE || !rule_holds(host, rule) ||
		    (rule->subject.type == SUBJECT_ADDRESS && !peer->owner))
			continue;
		rule_message(&message, rule);
		rule_strip(host, &message.rule, rule, peer->owner, address);
		err = count < limit ? message_encode(&records, &message) : TCHAT_ERR_FULL;
		if (err != 0)
			break;
		count++;
	}
	if (err == TCHAT_ERR_FULL)
		answer.ruled.flags = PAGE_MORE;
	answer.ruled.request = wire->request;
	answer.ruled.records = (struct wire_bytes){ buffer_data(&records), buffer_length(&records) };
	if (err == 0 || err == TCHAT_ERR_FULL)
		host_queue_message(peer, &answer);
	else
		host_peer_close(peer, err, HOST_DROP);
	buffer_free(&records);
}
