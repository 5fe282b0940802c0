/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any rows in the database that a client keeps of a host. It is refused in a line that says why, or a session
 * lives with it: what it tells is text, what it says to the host is legal. */
#include "rows.h"
#include "says.h"

#include "base/errors.h"
#include "store/sqlite_client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The first byte of an input. */
enum {
	SHORT = 1, /* little has place */
	LATE = 2,  /* it is opened after the session met the host */
	TWICE = 4, /* and another life, with what the first one left */
	OTHER = 8, /* the host says that it is another one */
};

static const char *const tables[] = { "meta", "outbox", "room", "own", "message", "change" };
enum { LAST = 6 }; /* message of each of the host's rooms */

static const uint8_t host_key[] = "host";
static struct rows rows;
static uint64_t heads[64]; /* of the host's rooms, by their numbers' rest */
static char root[220], host_folder[240], folder[260];

static void try_line(const char *why)
{
	demand(why[0] != '\0' && strchr(why, '\n') == NULL);
}

/* NULL: it was refused. */
static struct client_store *open_store(uint8_t mode)
{
	char why[CLIENT_WHY_SIZE] = "";
	struct client_sqlite_config config = { .environment = &rows.environment, .root = root, .key = host_key };
	config.key_length = sizeof host_key - 1;
	config.by_hand = true;
	config.cache_age = TCHAT_NEVER;
	if (mode & SHORT) {
		config.posts = config.cache_count = 4;
		config.cache_age = 1;
	}
	struct client_store *store = client_sqlite_new(&config);
	demand(store != NULL);
	client_sqlite_work(store);
	if (client_sqlite_opened(store, why) == 0)
		return store;
	try_line(why);
	client_store_free(store);
	return NULL;
}

/* --- A host that says yes to everything */

/* Another number for each of the few rooms, by how its name begins. */
static uint64_t number_of(const struct wire_join *join)
{
	uint8_t first = join->name.length > 0 ? join->name.data[0] : 0;
	return FAKE_ROOM + (uint8_t)(first - 'l') + 256u * join->kind;
}

static uint64_t *head_of(uint64_t room)
{
	return &heads[room % (sizeof heads / sizeof heads[0])];
}

static void tell_page(struct fake *fake, const struct wire_history *history)
{
	struct message page = { .type = WIRE_PAGE, .page = { .request = history->request, .room = history->room, .floor = 1 } };
	struct message record = { .type = WIRE_MSG,
		                  .msg = { .room = history->room, .sender = 8, .kind = KIND_TEXT, .body = wire_text("old") } };
	uint64_t first = (history->flags & HISTORY_FORWARD) && history->from > 1 ? history->from : 1;
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (record.msg.seq = first; record.msg.seq <= *head_of(history->room); record.msg.seq++) {
		record.msg.time = record.msg.seq;
		record.msg.id = (struct message_id){ 5, record.msg.seq };
		demand(message_encode(&records, &record) == 0);
	}
	page.page.next = record.msg.seq;
	page.page.flags = history->flags & HISTORY_ATTACH ? PAGE_LIVE : 0;
	page.page.records = (struct wire_bytes){ buffer_data(&records), buffer_length(&records) };
	fake_send(fake, &page);
	buffer_free(&records);
}

static void hear(struct fake *fake, const struct message *message)
{
	switch (message->type) {
	case WIRE_JOIN:
		*head_of(number_of(&message->join)) = LAST;
		fake_send(fake, &(struct message){ .type = WIRE_JOINED,
		                                   .joined = { .request = message->join.request,
		                                               .room = number_of(&message->join),
		                                               .kind = message->join.kind,
		                                               .flags = message->join.flags,
		                                               .epoch = FAKE_EPOCH,
		                                               .first = 1,
		                                               .last = LAST,
		                                               .members = 1,
		                                               .name = message->join.name } });
		break;
	case WIRE_RESUME:
		fake_send(fake, &(struct message){ .type = WIRE_RESUMED,
		                                   .resumed = { .request = message->resume.request,
		                                                .room = message->resume.room,
		                                                .epoch = FAKE_EPOCH,
		                                                .first = 1,
		                                                .last = LAST,
		                                                .status = RESUME_GAP } });
		break;
	case WIRE_HISTORY: tell_page(fake, &message->history); break;
	case WIRE_POST:
		fake_send(fake, &(struct message){ .type = WIRE_ACK,
		                                   .ack = { .id = message->post.id,
		                                            .room = message->post.room,
		                                            .seq = ++*head_of(message->post.room),
		                                            .time = 1 } });
		break;
	default: break;
	}
}

/* What others say in the lobby; target: the seq of what it changes, or 0. */
static void tell(struct fake *fake, int kind, const char *text, uint64_t target)
{
	uint8_t about[8];
	struct message message = { .type = WIRE_MSG,
		                   .msg = { .room = FAKE_ROOM,
		                            .seq = ++*head_of(FAKE_ROOM),
		                            .time = 2,
		                            .sender = 8,
		                            .kind = (uint8_t)kind,
		                            .body = wire_text(text),
		                            .nick = wire_text("bob") } };
	wire_set(about, sizeof about, target);
	message.msg.id = (struct message_id){ 5, message.msg.seq };
	if (target != 0)
		message.msg.target = (struct wire_bytes){ about, sizeof about };
	fake_send(fake, &message);
}

static void talk(struct fake *fake)
{
	for (int i = 0; i < 4; i++)
		tell(fake, KIND_TEXT, "hello all", 0);
	tell(fake, KIND_EDIT, "hello, all", LAST);
	tell(fake, KIND_DELETE, "", LAST);
}

static void meet(struct fake *fake, uint8_t mode)
{
	session_dialling(fake->session);
	session_connected(fake->session, NULL, fake->now);
	take_frames(fake, NULL);
	struct message welcome = { .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = WIRE_LIMIT } };
	memset(welcome.welcome.host, mode & OTHER ? 9 : fake->host, WIRE_KEY_SIZE);
	fake_send(fake, &welcome);
	take_frames(fake, NULL);
}

static void enter(struct fake *fake)
{
	fake_send(fake, &(struct message){ .type = WIRE_AUTH_OK,
	                                   .auth_ok = { .user = FAKE_USER,
	                                                .device = FAKE_DEVICE,
	                                                .mark = fake->mark,
	                                                .text_limit = WIRE_TEXT_LIMIT,
	                                                .nick = wire_text("ann") } });
}

/* --- A session's life with it */

static void turn(struct fake *fake, struct client_store *store)
{
	char why[CLIENT_WHY_SIZE] = "";
	for (int i = 0; i < 4; i++) {
		client_sqlite_work(store);
		if (client_sqlite_trouble(store, why) != 0)
			try_line(why);
		session_stored(fake->session, fake->now);
		take_frames(fake, hear);
		take_events(fake);
	}
}

static void look_back(struct fake *fake, struct client_store *store)
{
	static const char *const names[] = { "lobby", "tea", "bob" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int room = i == 2 ? session_open_direct(fake->session, names[i]) : session_join(fake->session, names[i]);
		if (room <= 0)
			continue;
		session_history(fake->session, (uint32_t)room, 0, 10, 0);
		session_history(fake->session, (uint32_t)room, 4, 2, 0);
		session_search(fake->session, (uint32_t)room, "hello", 0, 10, 1);
		session_post(fake->session, (uint32_t)room, KIND_TEXT, "and this", 8, "ref");
	}
	turn(fake, store);
}

static void live(uint8_t mode)
{
	struct fake fake;
	struct client_store *store = open_store(mode);
	if (store == NULL)
		return;
	fake_open(&fake, (struct session_config){ .nick = "ann", .stored = true, .history = 5 });
	fake.mark = 3;
	if (mode & LATE)
		meet(&fake, mode);
	session_store(fake.session, store, fake.now);
	take_events(&fake);
	look_back(&fake, store);
	if (!(mode & LATE))
		meet(&fake, mode);
	enter(&fake);
	turn(&fake, store);
	session_repost(fake.session, 0);
	talk(&fake);
	turn(&fake, store);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	session_leave(fake.session);
	turn(&fake, store);
	client_store_free(store);
	fake_close(&fake);
}

/* --- What each run begins with */

static void make_store(void)
{
	struct fake fake;
	struct client_store *store = open_store(0);
	demand(store != NULL);
	fake_open(&fake, (struct session_config){ .nick = "ann", .stored = true });
	session_store(fake.session, store, fake.now);
	meet(&fake, 0);
	enter(&fake);
	look_back(&fake, store);
	talk(&fake);
	turn(&fake, store);
	session_disconnected(fake.session, TCHAT_ERR_CLOSED, fake.now);
	look_back(&fake, store);
	client_store_free(store);
	fake_close(&fake);
}

static void clean_up(void)
{
	rows_free(&rows);
	rmdir(folder);
	rmdir(host_folder);
	rmdir(root);
	rmdir(rows.top);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	rows_top(&rows);
	snprintf(root, sizeof root, "%s/clients", rows.top);
	snprintf(host_folder, sizeof host_folder, "%s/686f7374", root);
	snprintf(folder, sizeof folder, "%s/0", host_folder);
	make_store();
	rows_keep(&rows, folder, "client.db", tables, sizeof tables / sizeof tables[0]);
	return atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 1)
		return 0;
	rows_make(&rows, bytes + 1, length - 1);
	live(bytes[0]);
	if (bytes[0] & TWICE)
		live(bytes[0]);
	return 0;
}
