/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a connection begins, how it ends, and when the next one is tried. */
#include "client/internal.h"

#include "base/wipe.h"

#include <string.h>

enum {
	FIRST_DELAY_MS = 200, /* once, after a connection that worked */
	STEP_DELAY_MS = 500,  /* then up to twice as much each time */
	DELAY_MAX_MS = 30000,
	GOAWAY_MAX_MS = 600000,
	PROVEN_S = 10, /* a connection that was ready for so long had no fault of its own */
	FRAME_LIMIT_MAX = 1 << 20,
};

/* One TLV that no host knows, so that every host learns to skip those. */
static struct wire_bytes grease(struct session *session, uint8_t *to)
{
	size_t length = session_random(session, 17);
	wire_set(to, 2, (0x7001 + session_random(session, 0x7ff) * 2) & 0x7fff);
	wire_set(to + 2, 2, length);
	session->config.environment->random(session->config.environment->arg, to + 4, length);
	return (struct wire_bytes){ to, 4 + length };
}

void handshake_start(struct session *session)
{
	uint8_t tlv[20];
	struct message hello = { .type = WIRE_HELLO,
		                 .hello = { .magic = WIRE_MAGIC,
		                            .version_low = WIRE_VERSION,
		                            .version_high = WIRE_VERSION } };
	if (session->software[0] != '\0')
		hello.hello.software = wire_text(session->software);
	session->config.environment->random(session->config.environment->arg, session->nonce, WIRE_KEY_SIZE);
	memcpy(hello.hello.nonce, session->nonce, WIRE_KEY_SIZE);
	hello.hello.tail = grease(session, tlv);
	session_must_send(session, &hello);
}

/* AUTH, with the proof of an invitation where there is one: it binds both keys and this connection's nonces. */
int handshake_auth(struct session *session)
{
	struct message auth = { .type = WIRE_AUTH };
	uint8_t proof[TRUST_PROOF_SIZE];
	memcpy(auth.auth.salt, session->salt, WIRE_KEY_SIZE);
	/* Only what is settled for good: the host forgets it. */
	auth.auth.lowest_unsettled = session->outbox->settled(session->outbox) + session->counter_offset;
	/* The same host knows us under the nick that it gave; to another one the wish is new. */
	const char *nick = session->nick_holds && session->nick[0] != '\0' ? session->nick : session->wish;
	if (nick[0] != '\0')
		auth.auth.nick = wire_text(nick);
	if (session->has_token && session->secure) {
		struct trust_binding binding = { .host = session->security.host, .user = session->security.user };
		memcpy(binding.host_nonce, session->host_nonce, sizeof binding.host_nonce);
		memcpy(binding.user_nonce, session->nonce, sizeof binding.user_nonce);
		int err = trust_proof_make(session->token, &binding, proof);
		if (err != 0)
			return session_fail(session, err, 0);
		auth.auth.proof = (struct wire_bytes){ proof, sizeof proof };
	}
	session->link = LINK_AUTH;
	return session_must_send(session, &auth);
}

static int handshake_await_store(struct session *session)
{
	struct draft draft = { .event = { .type = SESSION_HOST } };
	memcpy(draft.event.host, session->host, WIRE_KEY_SIZE);
	if (session->secure)
		draft.keys = (struct wire_bytes){ session->security.host.bytes, sizeof session->security.host.bytes };
	session->link = LINK_STORE;
	return session_tell(session, &draft);
}

int handshake_welcome(struct session *session, const struct wire_welcome *welcome)
{
	if (welcome->version != WIRE_VERSION)
		return session_fail(session, TCHAT_ERR_VERSION, WIRE_WELCOME);
	if (welcome->frame_limit < WIRE_LIMIT_BEFORE_AUTH || welcome->features != 0)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_WELCOME);
	session->frame_limit = welcome->frame_limit < FRAME_LIMIT_MAX ? welcome->frame_limit : FRAME_LIMIT_MAX;
	bool other = session->life == 0 || memcmp(session->host, welcome->host, WIRE_KEY_SIZE) != 0;
	if (other) {
		session->life++;
		memcpy(session->host, welcome->host, WIRE_KEY_SIZE);
	}
	wire_copy(session->host_software, sizeof session->host_software,
	          wire_cut(welcome->software, sizeof session->host_software - 1));
	session->nick_holds = !other;
	memcpy(session->host_nonce, welcome->nonce, WIRE_KEY_SIZE);
	return session->store_awaited ? handshake_await_store(session) : handshake_auth(session);
}

static bool same_name(const char *a, const char *b)
{
	struct buffer fold;
	buffer_init(&fold, 4 * NAME_SIZE);
	bool same = strcmp(a, b) == 0;
	if (!same && text_name_fold(&fold, a, strlen(a)) == 0) {
		size_t length = buffer_length(&fold);
		same = text_name_fold(&fold, b, strlen(b)) == 0 && buffer_length(&fold) == 2 * length &&
		       memcmp(buffer_data(&fold), buffer_data(&fold) + length, length) == 0;
	}
	buffer_free(&fold);
	return same;
}

/* Counters of this device that an earlier run used up: an outbox in memory begins behind them. A host that forgot
 * what it decided, or knows less than we do, waits for the counter behind its mark. */
static void handshake_counters(struct session *session, uint64_t mark)
{
	uint64_t lowest = session->outbox->lowest(session->outbox);
	if (session->outbox_own && !session->anything_sent && mark >= lowest)
		session->counter_offset = mark - (lowest - 1);
	session->anything_sent = true;
	session->mark = mark > session->counter_offset ? mark - session->counter_offset : 0;
	session->resends = 0;
	if (mark < session->outbox->settled(session->outbox) - 1 && !session->outbox_own)
		own_rolled_back(session, mark);
	/* A copy of this store used more numbers than we know of: ours begin behind them. */
	if (!session->outbox_own)
		session->outbox->jump(session->outbox, mark + 1);
	posts_rewind(session);
}

/* The host has another key, and so we have another number there. What became of posts that were under way is not known
 * by that number: those that arrived are in the history, under the former one. */
static void handshake_moved(struct session *session)
{
	session->former_device = session->device;
	session->former_sent = session->highest_sent;
	own_forget(session);
}

int handshake_auth_ok(struct session *session, const struct wire_auth_ok *auth_ok)
{
	char nick[NAME_SIZE];
	if (auth_ok->user == 0 || auth_ok->text_limit == 0 || !wire_copy(nick, sizeof nick, auth_ok->nick) ||
	    nick[0] == '\0' || auth_ok->mark > UINT64_MAX / 4)
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_AUTH_OK);
	/* Nobody but us can have made this number, and no host of another key. */
	if (session->secure && auth_ok->device !=
	                       trust_device(&session->security.user, &session->security.host, session->salt))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_AUTH_OK);
	wipe(session->token, sizeof session->token);
	session->has_token = false;
	bool restarted = session->life_ready != 0 && session->life_ready != session->life;
	session->life_ready = session->life;
	session->link = LINK_READY;
	session->ready_at = session->now;
	session->reader.limit = session->frame_limit < WIRE_LIMIT ? WIRE_LIMIT : session->frame_limit;
	session->user = auth_ok->user;
	session->role = auth_ok->role;
	if (session->secure && session->device != 0 && session->device != auth_ok->device)
		handshake_moved(session);
	session->device = auth_ok->device;
	session->text_limit = auth_ok->text_limit;
	if (session->text_limit > session->frame_limit - MSG_BODY)
		session->text_limit = session->frame_limit - MSG_BODY;
	memcpy(session->nick, nick, sizeof nick);
	if (session->store != NULL)
		session->store->operations->know(session->store, session->device, session->host);
	handshake_counters(session, auth_ok->mark);
	struct draft draft = { .event = { .type = SESSION_CONNECTED,
		                          .user = session->user,
		                          .role = session->role,
		                          .restarted = restarted,
		                          .own_wish = session->wish[0] == '\0' || same_name(nick, session->wish) },
		               .nick = auth_ok->nick,
		               .name = wire_cut(auth_ok->account, TEXT_NAME_BYTES),
		               .other = wire_text(session->host_software),
		               .text = auth_ok->motd };
	memcpy(draft.event.host, session->host, WIRE_KEY_SIZE);
	int err = session_tell(session, &draft);
	if (err == 0)
		err = rooms_join_all(session);
	if (err == 0 && session->away && session_away(session, true, session->away_reason) != 0)
		err = session_fail(session, TCHAT_ERR_FULL, 0);
	return err == 0 ? keepalive_ping(session) : err;
}

int handshake_goaway(struct session *session, const struct wire_goaway *goaway)
{
	session->goaway = true;
	session->goaway_ms = goaway->retry_ms < GOAWAY_MAX_MS ? goaway->retry_ms : GOAWAY_MAX_MS;
	struct draft draft = { .event = { .type = SESSION_GOAWAY,
		                          .code = -(int)goaway->code,
		                          .retry_at = TCHAT_MS(session->goaway_ms) },
		               .text = wire_cut(goaway->reason, REASON_MAX) };
	return session_tell(session, &draft);
}

bool reason_is_final(const struct session *session, int reason)
{
	switch (reason) {
	case TCHAT_ERR_KICKED:
	case TCHAT_ERR_BANNED:
	case TCHAT_ERR_FENCED:
	case TCHAT_ERR_VERSION:
	case TCHAT_ERR_NOT_INVITED:
	case TCHAT_ERR_DOOR_REFUSED:
	case TCHAT_ERR_BAD_PROOF:
	case TCHAT_ERR_KEY_DROPPED:
	case TCHAT_ERR_KEY_TAKEN:
	case TCHAT_ERR_TOO_MANY_KEYS:
	case TCHAT_ERR_HOST_NEW:
	case TCHAT_ERR_HOST_CHANGED:
		return true;
	case TCHAT_ERR_NEEDS_TLS:
	case TCHAT_ERR_PLAIN:
	case TCHAT_ERR_BAD_MAGIC: /* another service; but one that was a host once may be so again */
		return session->life == 0;
	default:
		return false;
	}
}

/* Full jitter: anything up to a bound that doubles. */
void reconnect_schedule(struct session *session)
{
	if (session->ready_at != 0 && session->now - session->ready_at >= TCHAT_SECONDS(PROVEN_S))
		session->attempts = 0;
	uint64_t bound = FIRST_DELAY_MS;
	if (session->attempts > 0)
		bound = session->attempts > 7 ? DELAY_MAX_MS : (uint64_t)STEP_DELAY_MS << (session->attempts - 1);
	if (bound > DELAY_MAX_MS)
		bound = DELAY_MAX_MS;
	session->attempts++;
	uint64_t delay = session_random(session, TCHAT_MS(bound));
	if (session->goaway)
		delay += TCHAT_MS(session->goaway_ms);
	session->goaway = false;
	session->dial_at = session->now + delay;
}
