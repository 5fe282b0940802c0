/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The durable outbox: one in memory, of which each change is handed to the writer. While the disk is full, or once it
 * failed, memory has to do. */
#include "store/sqlite_client_inside.h"

#include "base/errors.h"

#include <string.h>

static struct durable_outbox *self_of(struct outbox *outbox)
{
	return (struct durable_outbox *)outbox;
}

/* What is in memory has to be safe enough. */
static bool is_volatile(const struct durable_outbox *self)
{
	return self->client->gone || self->full;
}

static int durable_add(struct outbox *outbox, const struct outbox_post *post)
{
	struct durable_outbox *self = self_of(outbox);
	if (self->client->gone)
		return self->memory->add(self->memory, post);
	const int64_t values[] = { (int64_t)post->counter, post->kind, post->direct, (int64_t)post->target,
		                   (int64_t)post->reply };
	const void *const strings[] = { post->name, post->text, post->ref };
	const size_t lengths[] = { strlen(post->name), post->length, strlen(post->ref) };
	struct client_op *op = client_op_new(CLIENT_ADD, SQL_CLIENT_POST_ADD, values, 5, strings, lengths, 3);
	if (op == NULL)
		return TCHAT_ERR_MEMORY;
	int err = self->memory->add(self->memory, post);
	if (err != 0) {
		client_ops_free(op);
		return err;
	}
	op->progress = post->counter;
	client_op_put(self->client, op);
	return 0;
}

static int durable_get(struct outbox *outbox, uint64_t counter, struct outbox_post *post)
{
	struct durable_outbox *self = self_of(outbox);
	return self->memory->get(self->memory, counter, post);
}

static int durable_cancel(struct outbox *outbox, uint64_t counter)
{
	struct durable_outbox *self = self_of(outbox);
	const int64_t value = (int64_t)counter;
	if (self->client->gone)
		return self->memory->cancel(self->memory, counter);
	if (self->cancel_count == CLIENT_CANCELS_MOST)
		return TCHAT_ERR_FULL;
	struct client_op *op = client_op_new(CLIENT_CANCEL, SQL_CLIENT_POST_CANCEL, &value, 1, NULL, NULL, 0);
	if (op == NULL)
		return TCHAT_ERR_MEMORY;
	int err = self->memory->cancel(self->memory, counter);
	if (err != 0) {
		client_ops_free(op);
		return err;
	}
	op->progress = ++self->cancel_number;
	self->cancels[self->cancel_count++] = (struct client_cancel){ counter, self->cancel_number };
	client_op_put(self->client, op);
	return 0;
}

static void durable_place(struct outbox *outbox, uint64_t counter, uint32_t room)
{
	struct durable_outbox *self = self_of(outbox);
	self->memory->place(self->memory, counter, room);
}

/* Notes that this post got its answer, as all below the lowest one did. Without memory for that, later; and should it
 * never come to it, the post is sent once more in the next life, and the host knows it. */
static void note_settled(struct durable_outbox *self, uint64_t counter)
{
	const uint64_t lowest = self->memory->lowest(self->memory);
	const int64_t values[] = { (int64_t)counter, (int64_t)lowest };
	struct client_op *op = client_op_new(CLIENT_SETTLE, SQL_CLIENT_POST_SETTLE, values, 2, NULL, NULL, 0);
	self->unnoted = op == NULL;
	if (op == NULL)
		return;
	op->lowest = lowest;
	client_op_put(self->client, op);
}

static void durable_settle(struct outbox *outbox, uint64_t counter)
{
	struct durable_outbox *self = self_of(outbox);
	struct outbox_post post;
	if (self->memory->get(self->memory, counter, &post) != 0)
		return;
	self->memory->settle(self->memory, counter);
	if (!self->client->gone)
		note_settled(self, counter);
}

static int durable_jump(struct outbox *outbox, uint64_t next)
{
	struct durable_outbox *self = self_of(outbox);
	const int64_t value = (int64_t)next;
	if (next <= self->memory->next(self->memory))
		return 0;
	if (self->client->gone)
		return self->memory->jump(self->memory, next);
	/* What is not stored yet comes before it. */
	if (self->safe + 1 < self->memory->next(self->memory))
		return TCHAT_ERR_AGAIN;
	struct client_op *op = client_op_new(CLIENT_SKIP, SQL_CLIENT_NEXT, &value, 1, NULL, NULL, 0);
	if (op == NULL)
		return TCHAT_ERR_MEMORY;
	int err = self->memory->jump(self->memory, next);
	if (err != 0) {
		client_ops_free(op);
		return err;
	}
	self->safe = next - 1;
	op->progress = next;
	op->lowest = self->memory->lowest(self->memory);
	client_op_put(self->client, op);
	return 0;
}

static uint64_t durable_lowest(struct outbox *outbox)
{
	struct durable_outbox *self = self_of(outbox);
	return self->memory->lowest(self->memory);
}

static uint64_t durable_settled(struct outbox *outbox)
{
	struct durable_outbox *self = self_of(outbox);
	if (self->unnoted && !self->client->gone)
		note_settled(self, 0);
	return self->settled;
}

static uint64_t durable_next(struct outbox *outbox)
{
	struct durable_outbox *self = self_of(outbox);
	return self->memory->next(self->memory);
}

static uint64_t durable_safe(struct outbox *outbox)
{
	struct durable_outbox *self = self_of(outbox);
	return is_volatile(self) ? self->memory->next(self->memory) - 1 : self->safe;
}

static bool durable_is_safe(struct outbox *outbox, uint64_t counter)
{
	struct durable_outbox *self = self_of(outbox);
	for (size_t i = 0; i < self->cancel_count && !is_volatile(self); i++)
		if (self->cancels[i].counter == counter)
			return false;
	return counter <= durable_safe(outbox);
}

static void durable_free(struct outbox *outbox)
{
	/* the store's */
}

int client_outbox_init(struct sqlite_client *client, size_t posts, size_t bytes)
{
	struct durable_outbox *self = &client->outbox;
	*self = (struct durable_outbox){ .outbox = { .add = durable_add,
		                                     .get = durable_get,
		                                     .cancel = durable_cancel,
		                                     .place = durable_place,
		                                     .settle = durable_settle,
		                                     .jump = durable_jump,
		                                     .lowest = durable_lowest,
		                                     .settled = durable_settled,
		                                     .next = durable_next,
		                                     .safe = durable_safe,
		                                     .is_safe = durable_is_safe,
		                                     .free = durable_free },
		                         .client = client,
		                         .settled = 1,
		                         .memory = outbox_memory(posts, bytes) };
	client->store.outbox = &self->outbox;
	return self->memory != NULL ? 0 : TCHAT_ERR_MEMORY;
}

void client_outbox_results(struct sqlite_client *client)
{
	struct durable_outbox *self = &client->outbox;
	const struct client_results *results = &client->results;
	if (results->safe > self->safe)
		self->safe = results->safe;
	if (results->settled > self->settled)
		self->settled = results->settled;
	size_t kept = 0;
	for (size_t i = 0; i < self->cancel_count; i++)
		if (self->cancels[i].number > results->cancelled)
			self->cancels[kept++] = self->cancels[i];
	self->cancel_count = kept;
	self->full = results->trouble != 0;
}
