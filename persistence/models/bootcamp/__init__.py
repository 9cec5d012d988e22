"""The bootcamp's entities (document 001). A model named New… is what makes a row, …Change what may be changed of it later."""
