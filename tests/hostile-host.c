/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hostile host: one client, blocking, frames by the book. */
#include "hostile-host.h"

#include "base/buffer.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OWN = 7, OTHERS = 20, EPOCH = 99 };

#define RLO "\342\200\256"
#define ZALGO "z\314\200\314\201\314\202\314\203\314\204\314\205\314\206\314\207\314\210\314\211\314\212\314\213\314\214\314\215"

/* All valid UTF-8, and no longer than a name may be, as the protocol wants it. */
static const char *const attacks[] = {
	"\033]0;owned\007", "\033[2J\033[H", "\033[31mred\033[0m", "\033P$q\"p\033\\", "\033[6n", "\033[?1049l", "\033c",
	"\302\2332Jc1", "\302\235title\302\234", "\302\220dcs\302\234", "\302\205nel", "a\rb\nc\bd\te\vf\fg", "\016shift\017",
	RLO "reversed" RLO, "\342\201\246isolate", "\342\200\217mark", ZALGO ZALGO, "\342\200\213zero\342\200\215width",
	"\357\273\277bom", "\363\240\201\201tags\363\240\201\277", "\357\277\276nonchar", "\302\255soft", "\177del",
	"\342\200\250line\342\200\251", "\360\237\217\264\342\200\215\342\230\240\357\270\217", "\033_apc\033\\", "\033^pm\033\\",
	"\033]8;;http://evil\033\\link\033]8;;\033\\", "\033]52;c;ZXZpbA==\007", "\033]52;c;?\007", "\033[200~paste\033[201~",
};
enum { ATTACKS = sizeof attacks / sizeof attacks[0] };

struct server {
	int fd;
	struct buffer out;
	uint64_t seq;
	uint64_t posts;
};

static struct wire_bytes attack(size_t index)
{
	return wire_text(attacks[index % ATTACKS]);
}

static void put(struct server *server, const struct message *message)
{
	if (message_encode(&server->out, message) != 0)
		_exit(3);
}

static struct message msg(struct server *server, uint64_t room, size_t index, uint8_t kind)
{
	server->seq++;
	return (struct message){ .type = WIRE_MSG,
		                 .msg = { .room = room,
		                          .seq = server->seq,
		                          .time = 1700000000000000u + server->seq,
		                          .id = { 5, server->seq },
		                          .sender = (uint32_t)(OWN + 1 + index % OTHERS),
		                          .kind = kind,
		                          .body = attack(index),
		                          .nick = attack(index + 3) } };
}

static void answer_history(struct server *server, const struct wire_history *history, uint8_t flags)
{
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (size_t i = 0; i < ATTACKS; i++) {
		struct message record = msg(server, history->room, i, (uint8_t)(KIND_TEXT + i % 3));
		message_encode(&records, &record);
	}
	put(server, &(struct message){ .type = WIRE_PAGE,
	                               .page = { .request = history->request,
	                                         .room = history->room,
	                                         .flags = flags,
	                                         .floor = 1,
	                                         .next = server->seq + 1,
	                                         .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static void answer_names(struct server *server, const struct wire_names *names)
{
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (uint32_t user = OWN; user <= OWN + OTHERS; user++) {
		struct message record = { .type = WIRE_MEMBER,
			                  .member = { .user = user,
			                              .role = user == OWN + 1 ? ROLE_OWNER : ROLE_MEMBER,
			                              .away = user % 2,
			                              .nick = attack(user) } };
		if (user > names->after)
			message_encode(&records, &record);
	}
	put(server, &(struct message){ .type = WIRE_USERS,
	                               .users = { .request = names->request,
	                                          .room = names->room,
	                                          .total = OTHERS + 1,
	                                          .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

static void put_member(struct server *server, uint64_t room, enum wire_member_change change, size_t index)
{
	put(server, &(struct message){ .type = WIRE_MEMBER,
	                               .member = { .room = room,
	                                           .user = (uint32_t)(OWN + 1 + index % OTHERS),
	                                           .change = (uint8_t)change,
	                                           .nick = attack(index),
	                                           .reason = attack(index + 1),
	                                           .by = attack(index + 2) } });
}

/* A post sets all that can happen in motion. */
static void answer_post(struct server *server, const struct wire_post *post)
{
	if (++server->posts > 1)
		return;
	for (size_t i = 0; i < ATTACKS; i++) {
		struct message live = msg(server, post->room, i + 1, (uint8_t)(KIND_TEXT + i % 3));
		put(server, &live);
		put_member(server, 0, MEMBER_RENAMED, i);
		put_member(server, post->room, i % 2 == 0 ? MEMBER_KICKED : MEMBER_LEFT, i);
		put_member(server, post->room, MEMBER_JOINED, i);
		put(server, &(struct message){ .type = WIRE_PRESENCE,
		                               .presence = { .user = (uint32_t)(OWN + 1 + i % OTHERS), .away = 1,
		                                             .reason = attack(i) } });
	}
	put(server, &(struct message){ .type = WIRE_NACK,
	                               .nack = { .id = post->id, .room = post->room, .code = 75, .flags = NACK_PERMANENT } });
	struct message last = msg(server, post->room, 0, KIND_TEXT);
	last.msg.body = wire_text("the end of it");
	put(server, &last);
}

static int take(void *arg, const struct frame *frame)
{
	struct server *server = arg;
	struct message message;
	if (message_decode(&message, frame->type, frame->payload, frame->length) != 0)
		_exit(4);
	switch (message.type) {
	case WIRE_HELLO:
		put(server, &(struct message){ .type = WIRE_WELCOME,
		                               .welcome = { .version = 1, .frame_limit = WIRE_LIMIT, .software = attack(0) } });
		break;
	case WIRE_AUTH:
		put(server, &(struct message){ .type = WIRE_AUTH_OK,
		                               .auth_ok = { .user = OWN,
		                                            .device = 5000,
		                                            .text_limit = WIRE_TEXT_LIMIT,
		                                            .nick = attack(13),
		                                            .motd = attack(1) } });
		break;
	case WIRE_JOIN:
		put(server, &(struct message){ .type = WIRE_JOINED,
		                               .joined = { .request = message.join.request,
		                                           .room = 1,
		                                           .kind = message.join.kind,
		                                           .epoch = EPOCH,
		                                           .first = 1,
		                                           .last = ATTACKS,
		                                           .members = OTHERS + 1,
		                                           .name = attack(2),
		                                           .topic = attack(7) } });
		break;
	case WIRE_HISTORY:
		if (message.history.room == 1)
			answer_history(server, &message.history, PAGE_LIVE);
		break;
	case WIRE_SEARCH: /* whatever was searched for, the same is found */
		answer_history(server, &(struct wire_history){ .request = message.search.request, .room = 1 }, 0);
		break;
	case WIRE_NAMES:
		answer_names(server, &message.names);
		break;
	case WIRE_POST:
		answer_post(server, &message.post);
		break;
	case WIRE_ERROR:
		fprintf(stderr, "client: error %u type %x\n", message.error.code, message.error.type);
		break;
	case WIRE_PING:
		put(server, &(struct message){ .type = WIRE_PONG, .pong = { .payload = message.ping.payload } });
		break;
	default:
		break;
	}
	return 0;
}

static void serve(int listener)
{
	static uint8_t bytes[65536];
	struct server server = { .fd = accept(listener, NULL, NULL) };
	struct frame_reader reader;
	ssize_t length;
	buffer_init(&server.out, 1 << 22);
	frame_reader_init(&reader, FRAME_MAXIMUM);
	while ((length = read(server.fd, bytes, sizeof bytes)) > 0) {
		if (frame_reader_feed(&reader, bytes, (size_t)length, take, &server) != 0)
			_exit(5);
		while (buffer_length(&server.out) > 0) {
			ssize_t written = write(server.fd, buffer_data(&server.out), buffer_length(&server.out));
			if (written <= 0)
				_exit(0);
			buffer_consume(&server.out, (size_t)written);
		}
	}
	_exit(0);
}

pid_t hostile_host_start(unsigned *port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof name;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&name, &length) != 0)
		return -1;
	*port = ntohs(name.sin_port);
	pid_t child = fork();
	if (child == 0)
		serve(listener);
	close(listener);
	return child;
}
