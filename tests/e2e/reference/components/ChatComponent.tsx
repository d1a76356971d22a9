// The reference design's component. Below the line it is as the design prints it, byte for byte.
// The design forgets this import.
import { useEffect } from 'react'
// ---
import React, { useState } from 'react'
import { useLlmInference } from '../hooks/useLlmInference'

export function ChatComponent() {
  const [input, setInput] = useState('')
  const [messages, setMessages] = useState<Array<{ role: 'user' | 'assistant'; content: string }>>([])

  const { response, isLoading, error, runInference, cancel } = useLlmInference({
    providerId: 'openai',
    modelId: 'gpt-4o-mini',
    temperature: 0.7,
    systemPrompt: 'You are a helpful assistant.',
    onError: (error) => {
      console.error('LLM Error:', error)
      if (error.retryable) {
        console.log('Error is retryable')
      }
    }
  })

  const handleSubmit = async (e: React.FormEvent) => {
    e.preventDefault()
    if (!input.trim() || isLoading) return

    const userMessage = { role: 'user' as const, content: input }
    const newMessages = [...messages, userMessage]
    setMessages(newMessages)
    setInput('')

    await runInference(newMessages)
  }

  // Add assistant response to messages when complete
  useEffect(() => {
    if (response && !isLoading) {
      setMessages(prev => [...prev, { role: 'assistant', content: response }])
    }
  }, [response, isLoading])

  return (
    <div className="chat-container">
      <div className="messages">
        {messages.map((msg, i) => (
          <div key={i} className={`message ${msg.role}`}>
            <strong>{msg.role}:</strong> {msg.content}
          </div>
        ))}
        {isLoading && response && (
          <div className="message assistant">
            <strong>assistant:</strong> {response}
          </div>
        )}
      </div>

      {error && (
        <div className="error">
          Error: {error}
        </div>
      )}

      <form onSubmit={handleSubmit}>
        <input
          type="text"
          value={input}
          onChange={(e) => setInput(e.target.value)}
          disabled={isLoading}
          placeholder="Type your message..."
        />
        <button type="submit" disabled={isLoading || !input.trim()}>
          Send
        </button>
        {isLoading && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
      </form>
    </div>
  )
}
