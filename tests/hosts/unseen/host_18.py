''' Define the Transformer model '''
import torch
import torch.nn as nn
import torch.nn.functional as F


def get_subsequent_mask(seq):
    ''' For masking out the subsequent info: True is blocked. '''
    len_s = seq.size(1)
    return torch.triu(torch.ones((len_s, len_s), device=seq.device, dtype=torch.bool), diagonal=1)


class AddNormAttention(nn.Module):
    def __init__(self, n_head, d_model):
        super().__init__()
        self.attn = nn.MultiheadAttention(d_model, n_head, dropout=0.0, batch_first=True)
        self.layer_norm = nn.LayerNorm(d_model)

    def forward(self, q, kv, mask=None):
        out, _ = self.attn(q, kv, kv, attn_mask=mask, need_weights=False)
        return self.layer_norm(q + out)


class AddNormFeedForward(nn.Module):
    def __init__(self, d_in, d_hid):
        super().__init__()
        self.w_1 = nn.Linear(d_in, d_hid)
        self.w_2 = nn.Linear(d_hid, d_in)
        self.layer_norm = nn.LayerNorm(d_in)

    def forward(self, x):
        return self.layer_norm(x + self.w_2(F.relu(self.w_1(x))))


class EncoderLayer(nn.Module):
    def __init__(self, d_model, d_inner, n_head):
        super().__init__()
        self.slf_attn = AddNormAttention(n_head, d_model)
        self.pos_ffn = AddNormFeedForward(d_model, d_inner)

    def forward(self, enc_input):
        return self.pos_ffn(self.slf_attn(enc_input, enc_input))


class DecoderLayer(nn.Module):
    def __init__(self, d_model, d_inner, n_head):
        super().__init__()
        self.slf_attn = AddNormAttention(n_head, d_model)
        self.enc_attn = AddNormAttention(n_head, d_model)
        self.pos_ffn = AddNormFeedForward(d_model, d_inner)

    def forward(self, dec_input, enc_output, slf_attn_mask):
        dec_output = self.slf_attn(dec_input, dec_input, slf_attn_mask)
        dec_output = self.enc_attn(dec_output, enc_output)
        return self.pos_ffn(dec_output)


class Transformer(nn.Module):
    ''' A sequence to sequence model with attention mechanism. '''

    def __init__(self, n_vocab, n_position, n_layers, n_head, d_model, d_inner):
        super().__init__()
        self.word_emb = nn.Embedding(n_vocab, d_model)
        self.position_emb = nn.Embedding(n_position, d_model)
        self.encoder_stack = nn.ModuleList([EncoderLayer(d_model, d_inner, n_head) for _ in range(n_layers)])
        self.decoder_stack = nn.ModuleList([DecoderLayer(d_model, d_inner, n_head) for _ in range(n_layers)])
        self.word_prj = nn.Linear(d_model, n_vocab, bias=False)

    def embed(self, seq):
        pos = torch.arange(seq.size(1), device=seq.device).unsqueeze(0)
        return self.word_emb(seq) + self.position_emb(pos)

    def forward(self, src_seq, trg_seq):
        ''' src_seq: (b, len_src), trg_seq: (b, len_trg) -> (b, len_trg, n_vocab) '''
        enc_outputs = []
        enc_output = self.embed(src_seq)
        for enc_layer in self.encoder_stack:
            enc_output = enc_layer(enc_output)
            enc_outputs.append(enc_output)

        mask = get_subsequent_mask(trg_seq)
        dec_output = self.embed(trg_seq)
        for dec_layer in self.decoder_stack:
            dec_output = dec_layer(dec_output, enc_output, mask)

        return F.softmax(self.word_prj(dec_output), dim=-1)
