/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any rows in the database of a host. It is refused in a line that says why, or a host runs with it: it says
 * nothing that is no frame, and ends with what it finds broken. The check of a history lives through all of it. */
#include "rows.h"

#include "../door-peer.h"

#include "store/grams.h"
#include "store/sqlite.h"
#include "store/sqlite_look.h"

/* The first byte of an input. */
enum {
	ASKS = 1,     /* newcomers knock */
	TWICE = 2,    /* and another life, with what the first one left */
	SHORT = 4,    /* little is kept */
	SINCE = 8,    /* newcomers read from when they came */
	INSECURE = 16 /* nobody has a key */
};

enum { MEMBER = 2, NEWCOMER = 3, ROOMS_SEEN = 3 };

static const char *const tables[] = { "meta", "room", "message", "device", "outcome", "own", "change", "gram", "indexed" };
static struct rows rows;
static char folder[240];

/* --- A store that has done all when it was told to */

struct prompt {
	struct store store; /* first */
	struct store *inner;
};

static struct store *inner_of(struct store *store)
{
	return ((struct prompt *)store)->inner;
}

static void prompt_submit(struct store *store, struct store_request *request)
{
	store_submit(inner_of(store), request);
	if (request->type == STORE_READ)
		store_sqlite_read(inner_of(store));
	else if (request->type != STORE_BACKUP)
		store_sqlite_write(inner_of(store));
}

static struct store_request *prompt_completed(struct store *store)
{
	return store_completed(inner_of(store));
}

static void prompt_release(struct store *store, enum store_type type, uint64_t id)
{
	store_release(inner_of(store), type, id);
}

static void prompt_wake(struct store *store, void (*callback)(void *arg), void *arg)
{
}

static void prompt_free(struct store *store)
{
	store_free(inner_of(store));
	free(store);
}

static int prompt_records(struct store *store,
                          void (*each)(void *arg, uint8_t kind, const void *key, size_t key_length, const void *value,
                                       size_t length),
                          void *arg)
{
	return store_records(inner_of(store), each, arg);
}

static const struct store_operations prompt_operations = {
	prompt_submit, prompt_completed, prompt_release, prompt_wake, prompt_free, prompt_records,
};

static void try_line(const char *why)
{
	demand(why[0] != '\0' && strchr(why, '\n') == NULL);
}

/* NULL: the history was refused. */
static struct store *open_store(uint8_t mode)
{
	char why[STORE_WHY_SIZE] = "";
	struct store_sqlite_config config = { .environment = &rows.environment, .directory = folder, .by_hand = true };
	struct prompt *prompt = calloc(1, sizeof *prompt);
	demand(prompt != NULL);
	if (mode & SHORT) {
		config.keep_count = config.outcomes = config.records = config.rooms = config.devices = 5;
		config.keep_bytes = 1;
		config.keep_age = TCHAT_SECONDS(60);
	}
	prompt->store.operations = &prompt_operations;
	if (store_sqlite_open(&prompt->inner, &config, why) == 0)
		return &prompt->store;
	try_line(why);
	free(prompt);
	return NULL;
}

/* --- A host's life with it */

static bool has_failed(const struct world *w)
{
	const char *why = store_sqlite_failure(inner_of(w->store));
	if (why != NULL)
		try_line(why);
	return why != NULL;
}

/* Returns the seq that a post got, or 0. */
static uint64_t say(struct wire_peer *p, struct message *message)
{
	struct message answer;
	uint64_t seq = 0;
	int type;
	if (has_failed(p->world) || p->peer == NULL || !host_peer_wants_input(p->peer))
		return 0;
	wire_put(p, message);
	world_run(p->world);
	while ((type = wire_next(p, &answer)) != 0)
		seq = type == WIRE_ACK ? answer.ack.seq : seq;
	return seq;
}

static uint64_t post(struct wire_peer *p, uint64_t room, int kind, const char *text, uint64_t target)
{
	uint8_t about[8];
	struct message message = { .type = WIRE_POST };
	wire_set(about, sizeof about, target);
	message.post.room = room;
	message.post.id = (struct message_id){ p->device, ++p->counter };
	message.post.kind = (uint8_t)kind;
	message.post.body = wire_text(text);
	if (target != 0)
		message.post.target = (struct wire_bytes){ about, sizeof about };
	return say(p, &message);
}

static void ask_of_room(struct wire_peer *p, uint64_t room)
{
	say(p, &(struct message){ .type = WIRE_HISTORY, .history = { .request = 1, .room = room, .limit = 20 } });
	say(p, &(struct message){ .type = WIRE_HISTORY,
	                          .history = { .request = 1, .room = room, .from = 1, .limit = 2, .flags = HISTORY_FORWARD } });
	say(p, &(struct message){ .type = WIRE_SEARCH, .search = { .request = 1, .room = room, .limit = 20, .text = wire_text("hello") } });
	say(p, &(struct message){ .type = WIRE_RESUME, .resume = { .request = 1, .room = room, .epoch = 1, .seq = 1, .id = { 1, 1 } } });
	say(p, &(struct message){ .type = WIRE_NAMES, .names = { .request = 1, .room = room, .limit = 10 } });
	say(p, &(struct message){ .type = WIRE_RULES, .rules = { .request = 1, .room = room, .limit = 10 } });
	say(p, &(struct message){ .type = WIRE_AUDIT, .audit = { .request = 1, .room = room, .limit = 10 } });
	say(p, &(struct message){ .type = WIRE_MARK, .mark = { .room = room, .seq = 2 } });
	uint64_t own = post(p, room, KIND_TEXT, "hello all", 0);
	post(p, room, KIND_TOPIC, "tea", 0);
	post(p, room, KIND_EDIT, "hello again", own);
	post(p, room, KIND_REACTION, "+", own);
	post(p, room, KIND_EDIT, "hello again", 1);
	post(p, room, KIND_REACTION, "+", 2);
	post(p, room, KIND_DELETE, "", own);
	post(p, room, KIND_DELETE, "", 1);
}

static void ask(struct wire_peer *p)
{
	static const char *const names[] = { "lobby", "tea", "mary" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		say(p, &(struct message){ .type = WIRE_JOIN,
		                          .join = { .request = 1,
		                                    .kind = i == 2 ? ROOM_DIRECT : ROOM_PUBLIC,
		                                    .flags = JOIN_LIVE,
		                                    .name = wire_text(names[i]) } });
	for (uint64_t room = 0; room <= ROOMS_SEEN; room++)
		ask_of_room(p, room);
	say(p, &(struct message){ .type = WIRE_WHOIS, .whois = { .request = 1, .nick = wire_text("mary") } });
	say(p, &(struct message){ .type = WIRE_INVITATIONS, .invitations = { .request = 1 } });
	say(p, &(struct message){ .type = WIRE_NICK, .nick = { .request = 1, .nick = wire_text("olga2") } });
}

static void visit(struct world *w, int key, const char *nick, bool keys)
{
	if (has_failed(w))
		return;
	struct wire_peer *p = keys ? door_connect(w, key) : wire_connect(w, key == OWNER_KEY);
	struct message message;
	int type;
	if (!keys)
		wire_hello(p);
	door_auth(p, key, nick, 0);
	world_run(w);
	while ((type = wire_next(p, &message)) != 0)
		if (type == WIRE_AUTH_OK) {
			p->device = message.auth_ok.device;
			p->counter = message.auth_ok.mark;
		}
	ask(p);
}

static struct world *begin(uint8_t mode, struct store *store)
{
	struct trust_pin host = door_pin(HOST_KEY), owner = door_pin(OWNER_KEY);
	struct host_config config = { .access = mode & ASKS ? HOST_ACCESS_ASK : HOST_ACCESS_OPEN };
	struct store_identity identity;
	struct world *w = calloc(1, sizeof *w);
	demand(w != NULL);
	w->environment = (struct environment){ world_wall, world_bytes, w };
	w->now = 1000;
	w->wall = UINT64_C(1700000000000000);
	w->seed = 88172645463325252u;
	w->store = store;
	store_sqlite_identity(inner_of(store), &identity);
	config.environment = &w->environment;
	config.limits.rate = config.limits.burst = 1000000; /* its clock stands still */
	config.store = store;
	config.identity = &identity;
	config.history = mode & SINCE ? HOST_HISTORY_JOINED : HOST_HISTORY_ALL;
	if (!(mode & INSECURE)) {
		config.pin = &host;
		config.owner = &owner;
	}
	w->host = host_new(&config);
	return w;
}

static void live(uint8_t mode)
{
	struct store *store = open_store(mode);
	if (store == NULL)
		return;
	struct world *w = begin(mode, store);
	if (w->host != NULL) {
		visit(w, OWNER_KEY, "olga", !(mode & INSECURE));
		visit(w, MEMBER, "mary", !(mode & INSECURE));
		visit(w, NEWCOMER, "nora", !(mode & INSECURE));
		if (!has_failed(w))
			world_pass(w, TCHAT_SECONDS(120));
		for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
			wire_close(p);
		if (!has_failed(w))
			world_run(w);
	}
	world_free(w);
}

/* --- The check */

static void take_fault(void *arg, const char *text)
{
	try_line(text);
}

static void check(void)
{
	char why[LOOK_WHY_SIZE] = "";
	struct look *look;
	struct look_counts counts;
	if (look_open(&look, folder, why) != 0) {
		try_line(why);
		return;
	}
	demand(look_check(look, &counts, take_fault, NULL) == 0);
	look_close(look);
}

/* The input as a list of the search index: what is taken out of it is in it no more. */
static void try_list(const uint8_t *bytes, size_t length)
{
	struct gram_set found = { { 0 } }, again = { { 0 } };
	struct buffer left;
	bool changed;
	uint32_t gram = length < 4 ? 0 : (uint32_t)wire_get(bytes, 4);
	buffer_init(&left, 1 << 20);
	gram_list_find(bytes, length, gram, &found);
	demand(gram_list_drop(&left, bytes, length, &found, &changed) == 0);
	gram_list_find(buffer_data(&left), buffer_length(&left), gram, &again);
	for (size_t i = 0; i < GRAM_BLOCK / 64; i++)
		demand((again.words[i] & found.words[i]) == 0);
	buffer_free(&left);
}

/* --- What each run begins with: a host's life in which a little of everything came about */

static void moderate(struct wire_peer *owner, int action, const char *nick, const char *address)
{
	wire_put(owner, &(struct message){ .type = WIRE_MODERATE,
	                                   .moderate = { .request = 1,
	                                                 .action = (uint8_t)action,
	                                                 .nick = wire_text(nick),
	                                                 .address = wire_text(address),
	                                                 .seconds = action == MODERATE_MUTE ? 100 : 0 } });
	wire_skip(owner);
}

static void make_history(void)
{
	struct world *w = begin(0, open_store(0));
	demand(w->host != NULL);
	struct wire_peer *owner = door_owner(w);
	struct wire_peer *mary = door_member(w, MEMBER, "mary", 0, "mary");
	ask(mary);
	ask(owner);
	door_invite(owner, INVITE_HOST, 5, 3, 0, "tea");
	moderate(owner, MODERATE_OP, "mary", NULL);
	moderate(owner, MODERATE_MUTE, "mary", NULL);
	moderate(owner, MODERATE_RESERVE, "root", NULL);
	moderate(owner, MODERATE_BAN, NULL, "10.0.0.0/8");
	world_pass(w, TCHAT_SECONDS(10));
	for (struct wire_peer *p = w->peers; p != NULL; p = p->next)
		wire_close(p);
	world_run(w);
	demand(!has_failed(w));
	world_free(w);
}

static void clean_up(void)
{
	rows_free(&rows);
	rmdir(folder);
	rmdir(rows.top);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	rows_top(&rows);
	snprintf(folder, sizeof folder, "%s/history", rows.top);
	make_history();
	rows_keep(&rows, folder, "history.db", tables, sizeof tables / sizeof tables[0]);
	return atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	try_list(bytes + 1, length - 1);
	rows_make(&rows, bytes + 1, length - 1);
	check();
	live(bytes[0]);
	if (bytes[0] & TWICE)
		live(bytes[0]);
	return 0;
}
